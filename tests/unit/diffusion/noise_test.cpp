// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/noise.h"

#include "tests/support.h"

namespace thor::test {
namespace {

StreamKey key(uint64_t case_id, uint64_t t, Purpose purpose = Purpose::Step) { return {1, case_id, 0, purpose, t}; }

class EveryNoise : public ::testing::TestWithParam<NoiseKind> {
 protected:
  EveryNoise() { config.kind = GetParam(); }
  NoiseConfig config;
};

TEST_P(EveryNoise, IsTheSameAloneAndInABatch) {
  const auto batch = draw_noise(config, {key(3, 7), key(4, 7), key(5, 9)}, 2, 12, 10);
  EXPECT_EQ(batch.sizes(), (std::vector<int64_t>{3, 2, 12, 10}));
  EXPECT_EQ(max_abs_diff(batch.slice(0, 1, 2), draw_noise(config, key(4, 7), 2, 12, 10)), 0);
}

TEST_P(EveryNoise, DiffersWhereAnythingInTheKeyDiffers) {
  const auto one = draw_noise(config, key(3, 7), 1, 12, 10);
  for (const StreamKey& other : {key(4, 7), key(3, 8), key(3, 7, Purpose::Start), StreamKey{2, 3, 0, Purpose::Step, 7},
                                 StreamKey{1, 3, 1, Purpose::Step, 7}})
    EXPECT_GT(max_abs_diff(one, draw_noise(config, other, 1, 12, 10)), 0.1);
}

TEST_P(EveryNoise, DiffersBetweenChannels) {
  const auto noise = draw_noise(config, key(3, 7), 2, 12, 10);
  EXPECT_GT(max_abs_diff(noise.select(1, 0), noise.select(1, 1)), 0.1);
}
INSTANTIATE_TEST_SUITE_P(Noise, EveryNoise, ::testing::Values(NoiseKind::Gaussian, NoiseKind::Simplex));

TEST(Noise, GaussianHasUnitVariance) {
  const auto noise = draw_noise({}, key(0, 1), 1, 200, 200);
  EXPECT_NEAR(noise.mean().item<double>(), 0, 0.03);
  EXPECT_NEAR(noise.var().item<double>(), 1, 0.05);
}

TEST(Noise, NormalizedSimplexHasUnitVarianceInEveryField) {
  NoiseConfig config;
  config.kind = NoiseKind::Simplex;
  config.normalize = true;
  const auto noise = draw_noise(config, {key(0, 0), key(1, 64), key(2, 333)}, 1, 64, 64);
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(noise[i].mean().item<double>(), 0, 1e-5);
    EXPECT_NEAR(noise[i].var(/*unbiased=*/false).item<double>(), 1, 1e-5);
  }
}

// Correlation of two fields; steps of one chain must not add the same pattern over and over.
TEST(Noise, SimplexStepsOfAChainAreIndependentEvenOnAFixedPlane) {
  NoiseConfig config;
  config.kind = NoiseKind::Simplex;
  config.normalize = true;
  for (const int64_t plane : {-1, 1000}) {
    config.fixed_plane = plane;
    double sum = 0;
    for (uint64_t t = 0; t < 40; ++t)
      sum += (draw_noise(config, key(0, t), 1, 32, 32) * draw_noise(config, key(0, t + 1), 1, 32, 32))
                 .mean()
                 .item<double>();
    EXPECT_LT(std::abs(sum / 40), 0.25) << plane;
  }
}

}  // namespace
}  // namespace thor::test
