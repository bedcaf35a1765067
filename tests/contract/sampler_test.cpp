// SPDX-License-Identifier: Apache-2.0
// What every kind of sampler promises, for every prediction type.
#include "thor/diffusion/sampler.h"

#include "tests/support.h"

namespace thor::test {
namespace {

struct SamplerCase {
  SamplerKind kind;
  Prediction prediction;
  double eta;
  int64_t steps;
};
void PrintTo(const SamplerCase& c, std::ostream* out) {
  *out << name_of(c.kind) << " " << name_of(c.prediction) << " eta " << c.eta << " steps " << c.steps;
}

std::vector<SamplerCase> all_sampler_cases() {
  std::vector<SamplerCase> cases;
  for (const Prediction prediction : {Prediction::Epsilon, Prediction::Sample, Prediction::V})
    for (const int64_t steps : {0, 12})
      for (const auto& [kind, eta] : std::vector<std::pair<SamplerKind, double>>{
               {SamplerKind::Ddpm, 0}, {SamplerKind::Ddim, 0}, {SamplerKind::Ddim, 1}, {SamplerKind::Dpmpp2m, 0}})
        cases.push_back({kind, prediction, eta, steps});
  return cases;
}

class EverySampler : public ::testing::TestWithParam<SamplerCase> {
 protected:
  EverySampler() {
    DiffusionConfig model;
    model.prediction = GetParam().prediction;
    diffusion = std::make_unique<Diffusion>(model);
    config.kind = GetParam().kind;
    config.eta = GetParam().eta;
    config.steps = GetParam().steps;
  }

  // What a network that knows x0 would say about x_t.
  at::Tensor exact_output(const at::Tensor& x0, const at::Tensor& xt, int64_t t) const {
    const auto eps = diffusion->eps_from_x0(x0, xt, t);
    return diffusion->target(x0, eps, at::full({x0.size(0)}, t, at::kLong));
  }

  std::unique_ptr<Diffusion> diffusion;
  SamplerConfig config;
};

TEST_P(EverySampler, RecoversTheDataWithTheExactDenoiser) {
  at::manual_seed(3);
  const auto x0 = at::rand({2, 1, 8, 8}) * 1.9 - 0.95;
  const auto sampler = make_sampler(config, *diffusion);
  const auto grid = timestep_grid(600, config.steps, {300, 50});
  auto x = diffusion->add_noise(x0, at::randn_like(x0), 600);
  for (size_t i = 0; i < grid.size(); ++i) {
    const int64_t t = grid[i], next = i + 1 < grid.size() ? grid[i + 1] : -1;
    const auto noise = sampler->needs_noise(t, next) ? at::randn_like(x0) : at::Tensor();
    const auto step = sampler->step(exact_output(x0, x, t), x, t, next, noise);
    EXPECT_LT(max_abs_diff(step.x0, x0), 1e-3);
    x = step.next;
  }
  EXPECT_LT(max_abs_diff(x, x0), 1e-3);
}

TEST_P(EverySampler, NeedsNoNoiseForItsLastStep) { EXPECT_FALSE(make_sampler(config, *diffusion)->needs_noise(0, -1)); }

INSTANTIATE_TEST_SUITE_P(Table, EverySampler, ::testing::ValuesIn(all_sampler_cases()));

}  // namespace
}  // namespace thor::test
