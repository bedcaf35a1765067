// SPDX-License-Identifier: Apache-2.0
#include "thor/data/augment.h"

#include "tests/support.h"
#include "thor/base/error.h"

namespace thor {
namespace {

using test::max_abs_diff;

AugmentConfig nothing() {
  AugmentConfig config;
  config.rotation_degrees = config.translation = config.flip_probability = 0;
  config.scale_min = config.scale_max = 1;
  return config;
}

StreamKey key(uint64_t epoch) { return {7, 3, 0, Purpose::Augment, epoch}; }

/// A smooth picture with a dark border. [H,W]
Tensor picture(int64_t height, int64_t width) {
  const Tensor y = at::linspace(-1, 1, height).view({-1, 1}), x = at::linspace(-1, 1, width);
  return at::exp(-8 * ((x - 0.2).pow(2) + (y + 0.1).pow(2))).to(at::kFloat) * 0.7 + 0.2;
}

/// Centre of brightness above the background, in pixels: {y, x}.
std::pair<double, double> centre(const Tensor& slice) {
  const Tensor mass = (slice - slice.min()).to(at::kDouble);
  const double total = mass.sum().item<double>();
  const auto moment = [&](int64_t along, int64_t over) {
    return (mass.sum(over) * at::arange(slice.size(along), at::kDouble)).sum().item<double>() / total;
  };
  return {moment(0, 1), moment(1, 0)};
}

TEST(Augment, LeavesTheSliceAloneWhenEveryRangeIsEmpty) {
  const Tensor slice = picture(24, 40);
  EXPECT_LT(max_abs_diff(augment(nothing(), slice, key(0)), slice), 1e-5);
}

TEST(Augment, LeavesTheSliceAloneWhenSwitchedOff) {
  AugmentConfig config;
  config.enabled = false;
  const Tensor slice = picture(24, 40), result = augment(config, slice, key(0));
  EXPECT_EQ(max_abs_diff(result, slice), 0);
  EXPECT_NE(result.data_ptr(), slice.data_ptr());
}

TEST(Augment, FlipExchangesLeftAndRightExactly) {
  AugmentConfig config = nothing();
  config.flip_probability = 1;
  const Tensor slice = picture(24, 40);
  EXPECT_LT(max_abs_diff(augment(config, slice, key(0)), slice.flip({1})), 1e-5);
}

TEST(Augment, GivesTheSameForTheSameKeyAndAnotherForTheNextEpoch) {
  const Tensor slice = picture(32, 32), copy = slice.clone();
  const Tensor first = augment(AugmentConfig(), slice, key(1));
  EXPECT_EQ(max_abs_diff(first, augment(AugmentConfig(), slice, key(1))), 0);
  EXPECT_GT(max_abs_diff(first, augment(AugmentConfig(), slice, key(2))), 0.01);
  EXPECT_EQ(max_abs_diff(slice, copy), 0);
}

TEST(Augment, FillsTheOutsideWithTheSlicesOwnMinimum) {
  AugmentConfig config = nothing();
  config.translation = 1;
  for (uint64_t epoch = 0; epoch < 8; ++epoch) {
    const Tensor result = augment(config, at::full({16, 16}, 0.25f), key(epoch));
    EXPECT_LT(max_abs_diff(result, at::full({16, 16}, 0.25f)), 1e-6);
  }
}

TEST(Augment, ShiftsByAtMostTheStatedShareOfEachSide) {
  AugmentConfig config = nothing();
  config.translation = 0.1;
  const Tensor slice = picture(40, 80);
  const auto [y0, x0] = centre(slice);
  double largest_x = 0, largest_y = 0;
  for (uint64_t epoch = 0; epoch < 60; ++epoch) {
    const auto [y, x] = centre(augment(config, slice, key(epoch)));
    largest_x = std::max(largest_x, std::abs(x - x0));
    largest_y = std::max(largest_y, std::abs(y - y0));
  }
  EXPECT_GT(largest_x, 6);
  EXPECT_LT(largest_x, 8.5);
  EXPECT_GT(largest_y, 3);
  EXPECT_LT(largest_y, 4.5);
}

TEST(Augment, RotationKeepsTheFormOnANonSquareSlice) {
  AugmentConfig config = nothing();
  config.rotation_degrees = 90;
  const Tensor y = at::arange(41).view({-1, 1}) - 20, x = at::arange(61) - 30;
  const Tensor disc = ((x.pow(2) + y.pow(2)) < 100).to(at::kFloat);
  EXPECT_LT((augment(config, disc, key(3)) - disc).abs().mean().item<double>(), 0.01);
}

TEST(Augment, ScaleEnlargesByItsFactor) {
  AugmentConfig config = nothing();
  config.scale_min = config.scale_max = 1.1;
  const Tensor slice = picture(64, 64);
  const auto mass = [](const Tensor& s) { return (s - s.min()).sum().item<double>(); };
  EXPECT_NEAR(mass(augment(config, slice, key(0))) / mass(slice), 1.21, 0.02);
}

TEST(Augment, DrawsDoNotDependOnWhichFieldsAreZero) {
  AugmentConfig flips = nothing(), all;
  flips.flip_probability = 0.5;
  all.rotation_degrees = all.translation = 0;
  all.scale_min = all.scale_max = 1 + 1e-9;
  const Tensor slice = picture(32, 32);
  for (uint64_t epoch = 0; epoch < 10; ++epoch)
    EXPECT_LT(max_abs_diff(augment(flips, slice, key(epoch)), augment(all, slice, key(epoch))), 1e-5);
}

TEST(Augment, RefusesScalesInTheWrongOrder) {
  AugmentConfig config;
  config.scale_min = 1.2;
  EXPECT_THROW(augment(config, picture(8, 8), key(0)), Error);
}

}  // namespace
}  // namespace thor
