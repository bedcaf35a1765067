// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/metrics.h"

#include <algorithm>

#include "tests/parity/golden.h"
#include "thor/image/quantile.h"

namespace thor {
namespace {

constexpr double kTolerance = 1e-6;

double number(const at::Tensor& tensor) { return tensor.to(at::kDouble).item<double>(); }

class MetricsParity : public testing::Test {
 protected:
  const test::Golden golden_{"metrics.safetensors"};
  const at::Tensor map_ = golden_["pred"], truth_ = golden_["mask"];
};

TEST_F(MetricsParity, DiceAtEveryThreshold) {
  const at::Tensor thresholds = golden_["thresholds"].to(at::kDouble), expected = golden_["dice_curve"];
  const auto curve = dice_curve(map_, truth_, thresholds.numel());
  ASSERT_EQ(static_cast<int64_t>(curve.size()), expected.numel());
  for (int64_t i = 0; i < expected.numel(); ++i) {
    EXPECT_NEAR(curve[static_cast<size_t>(i)], number(expected[i]), kTolerance) << i;
    EXPECT_NEAR(dice(map_, truth_, number(thresholds[i])), number(expected[i]), kTolerance) << i;
  }
}

TEST_F(MetricsParity, BestDiceAndItsThreshold) {
  const BestDice best = best_dice(map_, truth_, golden_["thresholds"].numel());
  EXPECT_NEAR(best.dice, number(golden_["best_dice"]), kTolerance);
  EXPECT_NEAR(best.threshold, number(golden_["best_threshold"]), kTolerance);
}

TEST_F(MetricsParity, AreasUnderTheCurves) {
  EXPECT_NEAR(average_precision(map_, truth_), number(golden_["auprc"]), kTolerance);
  EXPECT_NEAR(auroc(map_, truth_), number(golden_["auroc"]), kTolerance);
}

TEST_F(MetricsParity, Percentiles) {
  int found = 0;
  for (const char* kind : {"percentile", "quantile"})
    for (const auto& q : golden_.matches(std::string(kind) + "\\.([0-9.]+)")) {
      EXPECT_NEAR(percentile_of(golden_["percentile.in"], std::stod(q)), number(golden_[kind + ("." + q)]), kTolerance);
      ++found;
    }
  EXPECT_GT(found, 0);
}

}  // namespace
}  // namespace thor
