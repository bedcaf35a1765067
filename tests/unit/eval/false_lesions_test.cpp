// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/false_lesions.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/base/random.h"
#include "thor/eval/calibrate.h"

namespace thor {
namespace {

constexpr int64_t kSide = 32;

/// Slices that are 0 but for squares of 3 x 3 pixels.
MapSet empty_slices(const std::vector<std::string>& names) {
  MapSet set;
  set.names = names;
  set.maps = at::zeros({static_cast<int64_t>(names.size()), kSide, kSide});
  return set;
}
void put_square(MapSet& set, int64_t slice, int64_t y, int64_t x, double value, int64_t side = 3) {
  set.maps[slice].narrow(0, y, side).narrow(1, x, side).fill_(value);
}

TEST(FalseLesions, ArePiecesOfFivePixelsThatMeetAcrossSlices) {
  MapSet set = empty_slices({"a", "a", "a"});
  put_square(set, 0, 2, 2, 1);
  put_square(set, 1, 5, 5, 1);  // meets the first at a corner, one slice up
  put_square(set, 2, 20, 20, 1);
  put_square(set, 0, 10, 20, 1, 2);  // four pixels
  EXPECT_EQ(lesions_above(set, {0, 1, 2}, 0.5), 2);
  EXPECT_EQ(lesions_above(set, {0}, 0.5), 1);
  EXPECT_EQ(lesions_above(set, {0, 1, 2}, 1), 0) << "what equals the threshold is not above it";
  set.region = at::zeros_like(set.maps, at::kBool);
  EXPECT_EQ(lesions_above(set, {0, 1, 2}, 0.5), 0);
}

/// Scans with squares of 3 x 3 pixels, as bright as each scan and chance make them.
MapSet random_scans(int64_t count, uint64_t seed) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < count; ++i) names.push_back(std::to_string(i));
  MapSet set = empty_slices(names);
  for (int64_t i = 0; i < count; ++i) {
    Random random({seed, static_cast<uint64_t>(i), 0, Purpose::Phantom, 0});
    const double level = random.uniform();
    for (int64_t k = 0; k < 16; ++k) put_square(set, i, 4 * (k % 4) + 1, 4 * (k / 4) + 1, level * random.uniform());
  }
  return set;
}

TEST(FalseLesions, ThresholdKeepsTheirExpectedNumberInTheNextScan) {
  for (const double most : {0.5, 2.0}) {
    double sum = 0;
    constexpr int64_t kDraws = 200;
    for (uint64_t draw = 0; draw < kDraws; ++draw) {
      const MapSet all = random_scans(10, draw + 1);
      MapSet nine = all;
      nine.maps = all.maps.narrow(0, 0, 9);
      nine.names.resize(9);
      sum += counted_lesions(lesions_above(all, {9}, *false_lesion_threshold(nine, most)), most);
    }
    EXPECT_LE(sum / kDraws, most);
    EXPECT_GT(sum / kDraws, 0.2 * most) << "no more careful than it must be";
  }
}

TEST(FalseLesions, NeedFourScansToBeKept) {
  EXPECT_FALSE(false_lesion_threshold(random_scans(3, 1), 1));
  const double largest = random_scans(4, 1).maps.max().item<double>();
  EXPECT_GE(*false_lesion_threshold(random_scans(4, 1), 1), largest);
  EXPECT_LT(*false_lesion_threshold(random_scans(4, 1), 1), 1.1 * largest);
}

TEST(FalseLesions, FewerAreKeptByAHigherThreshold) {
  const MapSet healthy = random_scans(30, 5);
  EXPECT_GT(*false_lesion_threshold(healthy, 0.5), *false_lesion_threshold(healthy, 2));
}

TEST(FalseLesions, LimitsHaveTheOneThatIsAskedFor) {
  EXPECT_EQ(false_lesion_limits(0), (std::vector<double>{0.5, 1, 2}));
  EXPECT_EQ(false_lesion_limits(0.25), (std::vector<double>{0.25, 0.5, 1, 2}));
  EXPECT_THROW(false_lesion_limits(-1), Error);
}

}  // namespace
}  // namespace thor
