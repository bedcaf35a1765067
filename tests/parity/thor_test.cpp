// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/thor.h"

#include <nlohmann/json.hpp>

#include "tests/parity/golden.h"
#include "thor/nn/perceptual.h"
#include "thor/nn/unet.h"

namespace thor::test {
namespace {

std::vector<int64_t> steps_in(const std::string& text) {
  const auto numbers = numbers_in(text);
  return {numbers.begin(), numbers.end()};
}

/// A whole THOR run whose noise is given by the file.
class ThorParity : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(lpips_path)) GTEST_SKIP() << "LPIPS weights are not ours to ship: no " << lpips_path;
  }

  ThorConfig config(const std::string& profile) const {
    ThorConfig config;
    config.start_step = std::stoll(golden.about("t0"));
    config.map_at = steps_in(golden.about("maps"));
    config.harmonize_at = steps_in(golden.about("harmonization"));
    config.profile = profile;
    config.map.kernel = 13;
    return config;
  }

  /// Runs the detector; what it traces is kept as "<name>.t<t>".
  Detection run(const ThorConfig& config) {
    const Thor thor(config);
    const Golden network(golden.about("unet"), test_device());
    const UNetConfig shape = unet_config(network.about("config"));
    const StateDict weights = subset(network.file.tensors, "weights.");
    Lpips lpips = load_lpips(lpips_path);
    lpips.to(test_device());
    const bool twice = thor.perceptual_scaled_twice();
    const Diffusion diffusion{DiffusionConfig()};
    const Context context{
        diffusion,
        [&](const Tensor& xt, int64_t t) {
          return unet_forward(shape, weights, xt, at::full({xt.size(0)}, t, xt.options().dtype(at::kLong)));
        },
        [&](const Images&, const NoiseDraw& draw) {
          return draw.purpose == Purpose::Start ? golden["noise_init"] : golden["noise_steps"][draw.t];
        },
        [&](const Tensor& a, const Tensor& b) { return lpips.spatial(a, b, twice); },
        [&](const char* name, int64_t t, const Tensor& value) { traced[name + (".t" + std::to_string(t))] = value; }};
    at::NoGradGuard no_grad;
    return thor.detect(context, {golden["x"], {ImageKey()}});
  }

  /// Compares every golden value of `who` with what was traced and returned.
  void expect_same(const std::string& who, const Detection& result) {
    for (const auto& key : golden.matches(who + R"(\.((?:x0|map|harmonized)\.t\d+))")) {
      SCOPED_TRACE(key);
      ASSERT_TRUE(traced.count(key));
      const bool in_model_range = key.rfind("harmonized", 0) == 0;
      const auto& value = golden[who + "." + key];
      EXPECT_LT(max_abs_diff(traced[key], in_model_range ? (value + 1) / 2 : value), tolerance(1e-3));
    }
    EXPECT_LT(max_abs_diff(result.map, golden[who + ".anomaly_map"]), tolerance(1e-3));
    EXPECT_LT(max_abs_diff(result.pseudo_healthy, golden[who + ".x_rec"]), tolerance(1e-3));
    if (golden.has(who + ".score")) {
      EXPECT_LT(max_abs_diff(result.score.flatten(), golden[who + ".score"].flatten()), tolerance(1e-3));
    }
  }

  const std::string lpips_path = shared_dir() + "/weights/lpips_squeeze_v0.1.safetensors";
  const Golden golden{"thor_trajectory.safetensors", test_device()};
  std::map<std::string, Tensor> traced;
};

TEST_F(ThorParity, TheTrajectoryIsThePapers) { expect_same("paper", run(config("paper"))); }

TEST_F(ThorParity, TheTrajectoryOfThePublishedProfileIsThePublicCodes) {
  expect_same("reference", run(config("published")));
}

TEST_F(ThorParity, QuirksCanBeChosenOneByOne) {
  ThorConfig chosen = config("paper");
  chosen.quirks.lpips_scaled_twice = "true";
  chosen.quirks.clip_harmonized_to_unit = "true";
  chosen.quirks.renoise_to_t = "true";
  expect_same("reference", run(chosen));
}

}  // namespace
}  // namespace thor::test
