// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/anomaly_map.h"

#include "tests/support.h"

namespace thor::test {
namespace {

TEST(AnomalyMap, IsNormalizedPerImage) {
  const auto x = at::zeros({2, 1, 8, 8});
  auto x0 = at::rand({2, 1, 8, 8});
  x0[1] *= 0.01;
  const auto map = anomaly_map({}, x, x0, at::full({2, 1, 8, 8}, 0.5F));
  EXPECT_NEAR(map[0].max().item<double>(), 1, 1e-4);
  EXPECT_NEAR(map[1].max().item<double>(), 1, 1e-4);
}

TEST(AnomalyMap, WithoutNormalizationIsResidualTimesBlurredDistance) {
  MapConfig config;
  config.normalize = Normalize::None;
  const auto x = at::rand({1, 1, 16, 16}), x0 = at::rand({1, 1, 16, 16});
  const auto map = anomaly_map(config, x, x0, at::full({1, 1, 16, 16}, 0.25F));
  EXPECT_LT(max_abs_diff(map, (x0 - x).abs() * 0.25), 1e-6);
}

TEST(AnomalyMap, WithoutADistanceIsTheResidualAlone) {
  MapConfig config;
  config.normalize = Normalize::None;
  const auto x = at::rand({1, 1, 9, 7}), x0 = at::rand({1, 1, 9, 7});
  EXPECT_LT(max_abs_diff(anomaly_map(config, x, x0, {}), (x0 - x).abs()), 1e-7);
}

TEST(AnomalyMap, OfAPerfectReconstructionIsZero) {
  const auto x = at::rand({1, 1, 8, 8});
  EXPECT_EQ(anomaly_map({}, x, x, at::ones({1, 1, 8, 8})).abs().max().item<double>(), 0);
}

TEST(AnomalyMap, HowItIsReportedDoesNotChangeTheRegion) {
  MapConfig max, none;
  none.normalize = Normalize::None;
  const auto x = at::rand({2, 1, 32, 32}), x0 = at::rand({2, 1, 32, 32}), distance = at::rand({2, 1, 32, 32});
  EXPECT_LT(max_abs_diff(region_mask(max, anomaly_map(max, x, x0, distance)),
                         region_mask(none, anomaly_map(none, x, x0, distance))),
            1e-5);
}

TEST(AnomalyMap, TheMorphologyKernelGrowsWithTheImageAndIsOdd) {
  MapConfig config;
  EXPECT_EQ(config.kernel_for(128, 128), 13);
  EXPECT_EQ(config.kernel_for(64, 96), 7);
  EXPECT_EQ(config.kernel_for(256, 300), 27);
  EXPECT_EQ(config.kernel_for(4, 4), 1);
  config.kernel = 5;
  EXPECT_EQ(config.kernel_for(128, 128), 5);
}

TEST(GaussianBlur, KeepsAConstantImageAndTheSum) {
  EXPECT_LT(max_abs_diff(gaussian_blur(at::full({1, 1, 5, 6}, 0.3F), 2), at::full({1, 1, 5, 6}, 0.3F)), 1e-6);
  const auto image = at::rand({1, 1, 20, 20});
  EXPECT_NEAR(gaussian_blur(image, 2).sum().item<double>(), image.sum().item<double>(), 1e-3);
}

TEST(GaussianBlur, OfSigmaZeroChangesNothing) {
  const auto image = at::rand({1, 1, 5, 5});
  EXPECT_EQ(max_abs_diff(gaussian_blur(image, 0), image), 0);
}

TEST(HarmonicMean, IsZeroWhereAnyMapIsZero) {
  const auto a = at::tensor({0.F, 0.5F, 1.F}).reshape({1, 1, 1, 3}),
             b = at::tensor({1.F, 0.25F, 1.F}).reshape({1, 1, 1, 3});
  const auto expected = at::tensor({0.F, 1.F / 3, 1.F}).reshape({1, 1, 1, 3});
  EXPECT_LT(max_abs_diff(harmonic_mean({a, b}), expected), 1e-6);
}

}  // namespace
}  // namespace thor::test
