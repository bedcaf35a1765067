// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/lesions.h"

#include <gmock/gmock.h>

#include "tests/support.h"
#include "thor/base/random.h"

namespace thor {
namespace {

using testing::ElementsAre;

Tensor image(std::vector<std::vector<float>> rows) {
  Tensor pixels = at::empty({static_cast<int64_t>(rows.size()), static_cast<int64_t>(rows[0].size())});
  for (int64_t r = 0; r < pixels.size(0); ++r)
    for (int64_t c = 0; c < pixels.size(1); ++c) pixels[r][c] = rows[static_cast<size_t>(r)][static_cast<size_t>(c)];
  return pixels;
}

/// Multiples of 1/20 that hang together a little.
Tensor blotches(uint64_t seed, int64_t height, int64_t width) {
  Random random({seed, 0, 0, Purpose::Sample, 0});
  Tensor pixels = at::empty({1, 1, height + 2, width + 2});
  random.fill_normal(pixels.data_ptr<float>(), static_cast<size_t>(pixels.numel()));
  return (at::avg_pool2d(pixels, {3, 3}, {1, 1})[0][0] * 20 + 10).round().clamp(0, 20) / 20;
}

TEST(ConnectedComponents, PixelsThatMeetAtACornerBelongTogether) {
  const Components parts = connected_components(image({{1, 0, 0, 1}, {0, 1, 0, 0}, {0, 0, 0, 2}}));
  EXPECT_THAT(parts.labels, ElementsAre(1, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 3));
  EXPECT_THAT(parts.sizes, ElementsAre(2, 1, 1));
}

TEST(ConnectedComponents, OfAVolumeMeetAtCornersAndAreNumberedByTheirFirstVoxels) {
  Tensor mask = at::zeros({3, 3, 4});
  mask[0][0][3] = mask[1][1][2] = mask[2][2][2] = mask[2][2][3] = 1;  // one part, over two corners
  mask[0][2][0] = 1;
  const Components parts = connected_components(mask);
  EXPECT_THAT(parts.sizes, ElementsAre(4, 1));
  EXPECT_EQ(parts.labels[3], 1);
  EXPECT_EQ(parts.labels[8], 2);
  EXPECT_EQ(parts.labels[(2 * 3 + 2) * 4 + 3], 1);
}

TEST(ConnectedComponents, DoNotReachAroundTheEdge) {
  EXPECT_EQ(connected_components(image({{0, 1}, {0, 0}, {1, 0}})).count(), 2);
  EXPECT_EQ(connected_components(image({{0, 0, 1}, {1, 0, 0}})).count(), 2);
  EXPECT_EQ(connected_components(at::zeros({3, 3})).count(), 0);
}

TEST(CountLesions, CountsWhatIsFoundMissedAndInvented) {
  const Tensor truth = image({{1, 1, 0, 0, 0}, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 1}});
  const Tensor map = image({{.9f, .2f, 0, 0, 0}, {0, 0, 0, 0, 0}, {.6f, .6f, 0, 0, .3f}});
  const LesionCounts counts = count_lesions(map, truth, {0.1, 0.25, 0.5, 0.7, 0.95}, 0.5);
  EXPECT_EQ(counts.lesions, 2);
  EXPECT_THAT(counts.found, ElementsAre(2, 2, 1, 1, 0));
  EXPECT_THAT(counts.false_alarms, ElementsAre(1, 1, 1, 0, 0));
}

TEST(CountLesions, APartThatTouchesALesionIsNoFalseAlarm) {
  const Tensor truth = image({{1, 0, 0, 0, 0, 0}});
  const Tensor map = image({{.5f, .9f, .9f, 0, 0, .9f}});
  const LesionCounts counts = count_lesions(map, truth, {0.4, 0.6}, 0.1);
  EXPECT_THAT(counts.false_alarms, ElementsAre(1, 2));
  EXPECT_THAT(counts.found, ElementsAre(1, 0));
}

TEST(CountLesions, ALesionIsFoundFromTheAskedShareOfItsPixelsOn) {
  const Tensor truth = at::ones({3, 10});
  Tensor map = at::zeros({3, 10});
  map[0].narrow(0, 0, 2).fill_(1);
  EXPECT_THAT(count_lesions(map, truth, {0.5}, 0.1).found, ElementsAre(0));
  EXPECT_THAT(count_lesions(map, truth, {0.5}, 0).found, ElementsAre(1));
  map[0][2] = 1;  // 0.1 x 30 is a little more than 3 in floating point
  EXPECT_THAT(count_lesions(map, truth, {0.5}, 0.1).found, ElementsAre(1));
}

TEST(CountLesions, AllThresholdsAtOnceEqualOneAtATime) {
  std::vector<double> thresholds;
  for (int i = 0; i <= 20; ++i) thresholds.push_back(i / 20.0);
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const Tensor map = blotches(seed, 31, 23), truth = blotches(seed + 100, 31, 23).gt(0.62).to(at::kFloat);
    const LesionCounts counts = count_lesions(map, truth, thresholds, 0.3);
    const Components lesions = connected_components(truth);
    ASSERT_GT(lesions.count(), 3);
    for (size_t k = 0; k < thresholds.size(); ++k) {
      const Tensor above = map.to(at::kDouble).gt(thresholds[k]);
      const Tensor parts = at::tensor(connected_components(above).labels, at::kLong).view(map.sizes());
      const Tensor labels = at::tensor(lesions.labels, at::kLong).view(map.sizes());
      int64_t clean = 0, found = 0;
      for (int64_t part = 1; part <= parts.max().item<int64_t>(); ++part)
        clean += !parts.eq(part).logical_and(truth.gt(0)).any().item<bool>();
      for (int64_t lesion = 1; lesion <= lesions.count(); ++lesion)
        found += above.masked_select(labels.eq(lesion)).to(at::kDouble).mean().item<double>() >= 0.3;
      EXPECT_EQ(counts.false_alarms[k], clean) << seed << " " << k;
      EXPECT_EQ(counts.found[k], found) << seed << " " << k;
    }
  }
}

}  // namespace
}  // namespace thor
