// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/metrics.h"

#include <cmath>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/random.h"

namespace thor {
namespace {

Tensor row(std::vector<double> values) { return at::tensor(values, at::kDouble).to(at::kFloat); }

/// Values with many ties, some exactly on thresholds, some outside [0,1].
Tensor coarse_map(uint64_t seed, int64_t count) {
  Random random({seed, 0, 0, Purpose::Sample, 0});
  Tensor map = at::empty({count}, at::kFloat);
  for (int64_t i = 0; i < count; ++i) map[i] = static_cast<float>(static_cast<double>(random.below(130)) / 100.0 - 0.1);
  return map;
}

Tensor random_truth(uint64_t seed, int64_t count) {
  Random random({seed, 1, 0, Purpose::Sample, 0});
  Tensor truth = at::empty({count}, at::kFloat);
  for (int64_t i = 0; i < count; ++i) truth[i] = random.uniform() < 0.3 ? 1.f : 0.f;
  return truth;
}

TEST(Dice, IsTwiceTheOverlapOverBothSizes) {
  EXPECT_DOUBLE_EQ(dice(row({0.9, 0.8, 0.2, 0.1}), row({1, 0, 1, 0}), 0.5), 0.5);
  EXPECT_DOUBLE_EQ(dice(row({0.9, 0.8}), row({1, 1}), 0.5), 1);
  EXPECT_DOUBLE_EQ(dice(row({0.9, 0.8}), row({0, 0}), 0.5), 0);
}

TEST(Dice, NothingFoundInAHealthyImageIsZeroAndNotUndefined) { EXPECT_EQ(dice(row({0.1, 0.1}), row({0, 0}), 0.5), 0); }

TEST(Dice, AValueOnTheThresholdIsNotAboveIt) {
  EXPECT_EQ(dice(row({0.5}), row({1}), 0.5), 0);
  // In float32 0.3 is a little more than the double 0.3, and 0.7 a little less than the double 0.7.
  EXPECT_EQ(dice(row({0.3}), row({1}), 0.3), 1);
  EXPECT_EQ(dice(row({0.7}), row({1}), 0.7), 0);
}

TEST(DiceCurve, EqualsOneThresholdAtATime) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const Tensor map = coarse_map(seed, 500), truth = random_truth(seed, 500);
    const auto curve = dice_curve(map, truth);
    ASSERT_EQ(curve.size(), 101u);
    for (size_t i = 0; i < curve.size(); ++i)
      EXPECT_EQ(curve[i], dice(map, truth, i == 100 ? 1.0 : static_cast<double>(i) * 0.01)) << i;
  }
}

TEST(BestDice, TakesTheFirstOfEqualThresholds) {
  const BestDice best = best_dice(row({0.95, 0.105, 0.05}), row({1, 1, 0}));
  EXPECT_EQ(best.dice, 1);
  EXPECT_NEAR(best.threshold, 0.06, 1e-12);  // float32 0.05 exceeds the double 0.05
}

TEST(AveragePrecision, CountsTiedPixelsTogether) {
  EXPECT_DOUBLE_EQ(average_precision(row({0.9, 0.8, 0.7, 0.6}), row({1, 0, 1, 0})), 0.5 + 0.5 * 2 / 3);
  EXPECT_DOUBLE_EQ(average_precision(row({0.5, 0.5, 0.5, 0.5}), row({1, 0, 0, 0})), 0.25);
  EXPECT_DOUBLE_EQ(average_precision(row({0.5, 0.5, 0.1}), row({1, 0, 1})), 0.5 * 0.5 + 0.5 * 2 / 3);
}

TEST(Auroc, IsTheChanceThatALesionPixelRanksHigher) {
  for (uint64_t seed = 0; seed < 3; ++seed) {
    const Tensor map = coarse_map(seed, 200), truth = random_truth(seed, 200);
    const Tensor positive = map.masked_select(truth.gt(0)).view({-1, 1}), negative = map.masked_select(truth.eq(0));
    const double wins = (positive > negative).sum().item<double>() + 0.5 * (positive == negative).sum().item<double>();
    EXPECT_NEAR(auroc(map, truth), wins / static_cast<double>(positive.numel() * negative.numel()), 1e-12);
  }
}

TEST(Auroc, OfTheTurnedMapIsTheRest) {
  const Tensor map = coarse_map(9, 300), truth = random_truth(9, 300);
  EXPECT_NEAR(auroc(map, truth) + auroc(-map, truth), 1, 1e-12);
}

TEST(Areas, AreUndefinedWithoutBothKindsOfPixels) {
  EXPECT_TRUE(std::isnan(average_precision(row({0.5}), row({0}))));
  EXPECT_TRUE(std::isnan(auroc(row({0.5}), row({0}))));
  EXPECT_TRUE(std::isnan(auroc(row({0.5}), row({1}))));
  EXPECT_EQ(average_precision(row({0.5}), row({1})), 1);
}

TEST(Metrics, RefuseMapsThatAreNotNumbers) {
  EXPECT_THROW(auroc(row({NAN, 0.5}), row({1, 0})), Error);
  EXPECT_THROW(dice(row({INFINITY, 0.5}), row({1, 0}), 0.5), Error);
  EXPECT_THROW(dice(row({0.5}), row({1, 0}), 0.5), Error);
}

}  // namespace
}  // namespace thor
