// SPDX-License-Identifier: Apache-2.0
#include "thor/data/summary.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "thor/base/error.h"

namespace thor {
namespace {

TEST(DataSummary, DescribesTheForegroundAndLeavesTheBackgroundOut) {
  Tensor slices = at::zeros({2, 10, 10});
  slices.narrow(1, 0, 2).fill_(0.8);     // 20 of 100 pixels of each image ...
  slices[1].narrow(0, 2, 2).fill_(0.4);  // ... and as many darker ones in the second
  const DataSummary summary = summarize(slices);
  EXPECT_EQ(summary.images, 2);
  EXPECT_NEAR(summary.foreground_share, 60.0 / 200, 1e-9);
  EXPECT_NEAR(summary.foreground_quantiles.at(0), 0.4, 1e-3);
  EXPECT_NEAR(summary.foreground_quantiles.at(1), 0.4, 1e-3);
  EXPECT_NEAR(summary.foreground_quantiles.at(2), 0.8, 1e-3);
  EXPECT_NEAR(summary.foreground_quantiles.at(4), 0.8, 1e-3);
  EXPECT_NEAR(summary.image_means.at(0), 0.16, 1e-3);
  EXPECT_NEAR(summary.image_means.at(2), 0.24, 1e-3);
}

TEST(DataSummary, QuantilesOfAnEvenRampAreTheirShares) {
  const Tensor slices = at::linspace(0, 1, 64 * 64).view({1, 64, 64});
  const DataSummary summary = summarize(slices);
  EXPECT_NEAR(summary.foreground_share, 0.95, 1e-3);
  EXPECT_NEAR(summary.foreground_quantiles.at(2), 0.05 + 0.5 * 0.95, 2e-3);
}

TEST(DataSummary, KnowsWhatSingleImagesSpan) {
  Tensor slices = at::zeros({2, 10, 10});
  slices[0].narrow(0, 0, 5).fill_(0.4);
  slices[1].narrow(0, 0, 5).fill_(0.7);
  const DataSummary summary = summarize(slices);
  EXPECT_NEAR(summary.smallest_quantiles.at(2), 0.4, 1e-3);
  EXPECT_NEAR(summary.largest_quantiles.at(2), 0.7, 1e-3);
}

/// Half of it at one brightness, the rest black.
Tensor half_of(double brightness) {
  Tensor slice = at::zeros({1, 10, 10});
  slice[0].narrow(0, 0, 5).fill_(brightness);
  return slice;
}

TEST(DataSummary, AnImageWithinTheSpanOfTheTrainingImagesHasNoDistance) {
  const DataSummary trained = summarize(at::cat({half_of(0.4), half_of(0.7)}));
  EXPECT_EQ(distance_from(trained, summarize(half_of(0.55))), 0);
  EXPECT_NEAR(distance_from(trained, summarize(half_of(0.95))), 0.25, 1e-3);
  EXPECT_NEAR(distance_from(trained, summarize(half_of(0.1))), 0.3, 1e-3);
}

TEST(DataSummary, ABlankImageDoesNotWidenTheSpan) {
  const DataSummary alone = summarize(half_of(0.5)),
                    beside = summarize(at::cat({half_of(0.5), at::zeros({1, 10, 10})}));
  EXPECT_EQ(beside.smallest_quantiles, alone.smallest_quantiles);
  EXPECT_EQ(beside.largest_quantiles, alone.largest_quantiles);
}

TEST(DataSummary, OfFewImagesAndOfOlderModelsTakesTheUsualSpread) {
  DataSummary trained = summarize(half_of(0.5));
  EXPECT_EQ(distance_from(trained, summarize(half_of(0.65))), 0);
  EXPECT_NEAR(distance_from(trained, summarize(half_of(0.9))), 0.2, 1e-3);
  trained.smallest_quantiles.clear();
  trained.largest_quantiles.clear();
  EXPECT_EQ(parse(json_of(trained)).count("smallest_quantiles"), 0u);
  EXPECT_EQ(distance_from(trained, summarize(half_of(0.65))), 0);
  EXPECT_NEAR(distance_from(trained, summarize(half_of(0.9))), 0.2, 1e-3);
}

TEST(DataSummary, ComesBackFromJsonAndAnythingElseIsRefused) {
  const DataSummary summary = summarize(at::rand({3, 8, 8}));
  EXPECT_EQ(json_of(parse_summary(json_of(summary))), json_of(summary));
  nlohmann::json broken = parse(json_of(summary));
  broken["image_means"] = {0.5};
  EXPECT_THROW(parse_summary(json_text(broken)), Error);
  EXPECT_THROW(parse_summary(JsonText("{}")), Error);
  EXPECT_THROW(parse_summary(JsonText("3")), Error);
}

}  // namespace
}  // namespace thor
