// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/thor.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "tests/parity/golden.h"
#include "thor/nn/perceptual.h"
#include "thor/nn/unet.h"

namespace thor::test {
namespace {

std::vector<int64_t> steps_in(const std::string& text) {
  const auto numbers = numbers_in(text);
  return {numbers.begin(), numbers.end()};
}

/// A whole THOR run whose noise is given by the file. Its perceptual distances are LPIPS where the weights are;
/// elsewhere those that a run with them recorded, so that the trajectory is compared in every clone.
class ThorParity : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::filesystem::exists(lpips_path)) lpips.emplace(load_lpips(lpips_path)).to(test_device());
    if (std::filesystem::exists(recorded_path)) recorded.emplace(recorded_name, test_device());
    if (!lpips && !recorded)
      GTEST_SKIP() << "neither LPIPS weights (" << lpips_path << ") nor recorded distances (" << recorded_path << ")";
  }

  ThorConfig config(Profile profile) const {
    ThorConfig config;
    config.start_step = std::stoll(golden.about("t0"));
    config.map_at = steps_in(golden.about("maps"));
    config.harmonize_at = steps_in(golden.about("harmonization"));
    config.profile = profile;
    config.map.kernel = 13;
    return config;
  }

  /// Runs the detector as `who` does; what it traces is kept as "<name>.t<t>".
  Detection run(const std::string& who, const ThorConfig& config) {
    const Thor thor(config);
    const Golden network(golden.about("unet"), test_device());
    const UNetConfig shape = unet_config(network.about("config"));
    const StateDict weights = subset(network.file.tensors, "weights.");
    const bool twice = thor.perceptual_scaled_twice();
    EXPECT_EQ(twice, who == "reference");
    std::map<std::string, Tensor> computed;
    int64_t now = -1;
    const Diffusion diffusion{DiffusionConfig()};
    const Context context{
        diffusion,
        [&](const Images&, const Tensor& xt, int64_t t) {
          return unet_forward(shape, weights, xt, at::full({xt.size(0)}, t, xt.options().dtype(at::kLong)));
        },
        [&](const Images&, const NoiseDraw& draw) {
          return draw.purpose == Purpose::Start ? golden["noise_init"] : golden["noise_steps"][draw.t];
        },
        [&](const Tensor& a, const Tensor& b) {
          const std::string key = who + ".distance.t" + std::to_string(now);
          return lpips ? computed[key] = lpips->spatial(a, b, twice) : (*recorded)[key];
        },
        [&](const char* name, int64_t t, const Tensor& value) {
          now = t;
          traced[name + (".t" + std::to_string(t))] = value;
        }};
    at::NoGradGuard no_grad;
    const Detection found = thor.detect(context, {golden["x"], {ImageKey()}});
    keep_or_compare(computed);
    return found;
  }

  /// The distances of a run are those recorded; where THOR_RECORD_DISTANCES names a file, they are added to it instead.
  void keep_or_compare(const std::map<std::string, Tensor>& computed) const {
    if (const std::string to = environment_or("THOR_RECORD_DISTANCES", ""); !to.empty()) {
      ASSERT_TRUE(lpips) << "distances are recorded where the weights are: no " << lpips_path;
      Safetensors file = std::filesystem::exists(to) ? read_safetensors(to) : Safetensors();
      file.metadata["about"] = "spatial LPIPS (squeeze 0.1) that a run of thor_trajectory.safetensors asked for, by t";
      for (const auto& [key, value] : computed) file.tensors[key] = value.to(at::kCPU).contiguous();
      write_safetensors(to, file);
      return;
    }
    if (!recorded) return;
    for (const auto& [key, value] : computed) EXPECT_LT(max_abs_diff(value, (*recorded)[key]), tolerance(1e-5)) << key;
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
  const std::string recorded_name = "thor_trajectory_distances.safetensors";
  const std::string recorded_path = golden_dir() + "/" + recorded_name;
  const Golden golden{"thor_trajectory.safetensors", test_device()};
  std::optional<Lpips> lpips;
  std::optional<Golden> recorded;
  std::map<std::string, Tensor> traced;
};

TEST_F(ThorParity, TheTrajectoryIsThePapers) { expect_same("paper", run("paper", config(Profile::Paper))); }

TEST_F(ThorParity, TheTrajectoryOfThePublishedProfileIsThePublicCodes) {
  expect_same("reference", run("reference", config(Profile::Published)));
}

TEST_F(ThorParity, QuirksCanBeChosenOneByOne) {
  ThorConfig chosen = config(Profile::Paper);
  chosen.quirks.lpips_scaled_twice = Quirk::On;
  chosen.quirks.clip_harmonized_to_unit = Quirk::On;
  chosen.quirks.renoise_to_t = Quirk::On;
  expect_same("reference", run("reference", chosen));
}

}  // namespace
}  // namespace thor::test
