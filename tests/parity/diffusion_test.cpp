// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/diffusion.h"

#include "tests/parity/golden.h"
#include "thor/diffusion/sampler.h"

namespace thor::test {
namespace {

// "linear 1e-4..2e-2, T=1000" or "beta 0.0015..0.0195" with the schedule's name apart.
DiffusionConfig config_from(const std::string& schedule, const std::string& text) {
  DiffusionConfig config;
  config.schedule = value_called<Schedule>(schedule).value();
  const auto numbers = numbers_in(text);
  if (numbers.size() >= 2) config.beta_start = numbers[0], config.beta_end = numbers[1];
  if (numbers.size() >= 3) config.steps = static_cast<int64_t>(numbers[2]);
  return config;
}

Prediction prediction_of(const std::string& published) {
  return value_called<Prediction>(published == "v_prediction" ? "v" : published).value();
}

DiffusionConfig config_of_steps(const Golden& golden, const std::string& prediction) {
  const std::string text = golden.about("schedule");
  DiffusionConfig config = config_from(text.substr(0, text.find(' ')), text);
  const auto range = numbers_in(golden.about("clip"));
  if (range.size() == 3) config.range_low = range[1], config.range_high = range[2];
  config.prediction = prediction_of(prediction);
  return config;
}

TEST(DiffusionParity, SchedulesAreThePublishedOnes) {
  const Golden golden("schedule.safetensors");
  const auto names = golden.matches(R"((\w+)\.betas)");
  ASSERT_FALSE(names.empty());
  for (const auto& name : names) {
    SCOPED_TRACE(name);
    DiffusionConfig config = config_from(name, golden.about(name));
    config.steps = golden[name + ".betas"].numel();
    const Diffusion diffusion(config);
    std::vector<double> betas, alpha_bars;
    for (int64_t t = 0; t < config.steps; ++t) {
      betas.push_back(diffusion.beta(t));
      alpha_bars.push_back(diffusion.alpha_bar(t));
    }
    EXPECT_LT(max_abs_diff(at::tensor(betas, at::kDouble), golden[name + ".betas"]), 1e-6);
    EXPECT_LT(max_abs_diff(at::tensor(alpha_bars, at::kDouble), golden[name + ".alphas_cumprod"]), 1e-6);
  }
}

TEST(DiffusionParity, NoisyImagesAndVelocityAreThePublishedOnes) {
  const Golden golden("schedule.safetensors");
  DiffusionConfig config = config_from("linear", golden.about("linear"));
  if (golden.has("linear.betas")) config.steps = golden["linear.betas"].numel();
  config.prediction = Prediction::V;
  const Diffusion diffusion(config);
  const auto &x0 = golden["add_noise.x0"], &noise = golden["add_noise.noise"], &t = golden["add_noise.t"];
  EXPECT_LT(max_abs_diff(diffusion.add_noise(x0, noise, t), golden["add_noise.out"]), 1e-6);
  EXPECT_LT(max_abs_diff(diffusion.target(x0, noise, t), golden["velocity.out"]), 1e-6);
  for (int64_t i = 0; i < t.size(0); ++i)
    EXPECT_LT(max_abs_diff(diffusion.add_noise(x0[i], noise[i], t[i].item<int64_t>()), golden["add_noise.out"][i]),
              1e-6);
}

void expect_step(const Golden& golden, const std::string& key, Sampler& sampler, int64_t t, int64_t t_next) {
  SCOPED_TRACE(key);
  const auto step =
      sampler.step(golden[key + ".model_output"], golden[key + ".sample"], t, t_next, golden[key + ".noise"]);
  EXPECT_LT(max_abs_diff(step.x0, golden[key + ".x0"]), 1e-5);
  EXPECT_LT(max_abs_diff(step.next, golden[key + ".prev"]), 1e-5);
}

TEST(DiffusionParity, AncestralStepsAreThePublishedOnes) {
  const Golden golden("ddpm_step.safetensors");
  const auto keys = golden.matches(R"((\w+\.\w+\.t\d+)\.prev)");
  ASSERT_FALSE(keys.empty());
  for (const auto& key : keys) {
    std::smatch part;
    ASSERT_TRUE(std::regex_match(key, part, std::regex(R"((\w+)\.(\w+)\.t(\d+))")));
    SamplerConfig config;
    config.variance = value_called<Variance>(part[2]).value();
    const int64_t t = std::stoll(part[3]);
    const auto sampler = make_sampler(config, Diffusion(config_of_steps(golden, part[1])));
    expect_step(golden, key, *sampler, t, t - 1);
  }
}

TEST(DiffusionParity, DdimStepsAreThePublishedOnes) {
  const Golden golden("ddim_step.safetensors");
  const auto keys = golden.matches(R"((\w+\.steps\d+\.t\d+\.eta[\d.]+)\.prev)");
  ASSERT_FALSE(keys.empty());
  for (const auto& key : keys) {
    std::smatch part;
    ASSERT_TRUE(std::regex_match(key, part, std::regex(R"((\w+)\.steps(\d+)\.t(\d+)\.eta([\d.]+))")));
    const Diffusion diffusion(config_of_steps(golden, part[1]));
    SamplerConfig config;
    config.kind = SamplerKind::Ddim;
    config.eta = std::stod(part[4]);
    const int64_t t = std::stoll(part[3]), stride = diffusion.steps() / std::stoll(part[2]);
    expect_step(golden, key, *make_sampler(config, diffusion), t, t - stride);
  }
}

}  // namespace
}  // namespace thor::test
