// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/scanner_change.h"

#include <ATen/ATen.h>

#include "tests/support.h"
#include "thor/base/error.h"

namespace thor {
namespace {

/// A bright square in a grey one, its mask the bright part; [48,40].
SliceAndMask square() {
  SliceAndMask slice{at::zeros({48, 40}), at::zeros({48, 40})};
  slice.image.narrow(0, 8, 32).narrow(1, 8, 24).fill_(0.4);
  slice.image.narrow(0, 20, 8).narrow(1, 16, 8).fill_(0.8);
  slice.mask.narrow(0, 20, 8).narrow(1, 16, 8).fill_(1);
  return slice;
}

SliceAndMask changed(ChangeKind kind, double strength, uint64_t seed = 1) {
  return change_scanner({kind, strength}, square(), {seed, 0, 0, Purpose::Scanner, 0});
}

/// Of the pixels where the weight lies, {row, column}.
std::pair<double, double> middle_of(const Tensor& weight) {
  const double sum = weight.sum().item<double>();
  return {(weight.sum(1) * at::arange(weight.size(0))).sum().item<double>() / sum,
          (weight.sum(0) * at::arange(weight.size(1))).sum().item<double>() / sum};
}

class EveryChange : public ::testing::TestWithParam<ChangeKind> {};

TEST_P(EveryChange, ChangesTheImageTheSameWayForTheSameKeyAndStaysInRange) {
  const SliceAndMask once = changed(GetParam(), 1.5), again = changed(GetParam(), 1.5);
  EXPECT_TRUE(once.image.equal(again.image));
  EXPECT_FALSE(once.image.equal(square().image));
  EXPECT_GE(once.image.min().item<float>(), 0);
  EXPECT_LE(once.image.max().item<float>(), 1);
  EXPECT_EQ(once.mask.sum().item<double>() > 0, true);
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryChange,
                         ::testing::Values(ChangeKind::BiasField, ChangeKind::Noise, ChangeKind::Contrast,
                                           ChangeKind::Resolution, ChangeKind::Shift));

TEST(ScannerChange, ABiasFieldIsSmoothAndLeavesBlackBlack) {
  const SliceAndMask result = changed(ChangeKind::BiasField, 0.3);
  const Tensor factor = (result.image / 0.4).narrow(0, 9, 10).narrow(1, 9, 6);
  EXPECT_LT(factor.diff(1, 0).abs().max().item<double>(), 0.1);
  EXPECT_GT((factor - 1).abs().max().item<double>(), 0.01);
  EXPECT_EQ(result.image.narrow(0, 0, 8).max().item<float>(), 0);
}

TEST(ScannerChange, RicianNoiseRaisesBlackToItsMean) {
  const Tensor black = changed(ChangeKind::Noise, 0.05).image.narrow(0, 0, 8);
  EXPECT_NEAR(black.mean().item<double>(), 0.05 * std::sqrt(M_PI / 2), 0.006);
}

TEST(ScannerChange, ResolutionKeepsTheMeanAndTakesTheEdges) {
  const SliceAndMask result = changed(ChangeKind::Resolution, 4);
  const auto steepest = [](const SliceAndMask& slice) { return slice.image.diff(1, 0).abs().max().item<double>(); };
  EXPECT_NEAR(result.image.mean().item<double>(), square().image.mean().item<double>(), 0.01);
  EXPECT_LT(steepest(result), 0.5 * steepest(square()));
}

TEST(ScannerChange, AShiftMovesImageAndMaskTogetherByItsLength) {
  const SliceAndMask result = changed(ChangeKind::Shift, 2);
  const auto [row0, column0] = middle_of(square().image);
  const auto [row, column] = middle_of(result.image);
  EXPECT_NEAR(std::hypot(row - row0, column - column0), 2, 0.02);
  const auto [mask_row, mask_column] = middle_of(result.mask);
  const auto [mask_row0, mask_column0] = middle_of(square().mask);
  EXPECT_NEAR(mask_row - mask_row0, row - row0, 0.51);
  EXPECT_NEAR(mask_column - mask_column0, column - column0, 0.51);
  EXPECT_FALSE(changed(ChangeKind::Shift, 2, 9).image.equal(result.image));
}

TEST(ScannerChange, AStrengthThatMeansNothingIsRefused) {
  EXPECT_THROW((ScannerChange{ChangeKind::Resolution, 0.5}.check()), Error);
  EXPECT_THROW((ScannerChange{ChangeKind::Contrast, 0}.check()), Error);
  EXPECT_NO_THROW((ScannerChange{ChangeKind::Shift, 0}.check()));
}

}  // namespace
}  // namespace thor
