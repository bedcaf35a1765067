// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/threshold.h"

#include "tests/contract/small_world.h"
#include "tests/support.h"
#include "thor/detect/head_mask.h"

namespace thor::test {
namespace {

// 1 within `radius` of the middle of a 64 x 64 image, shaped [1,1,64,64].
at::Tensor disc(double radius) {
  const auto along = at::arange(64, at::kFloat) - 31.5;
  return (along.square().view({64, 1}) + along.square() < radius * radius).to(at::kFloat).view({1, 1, 64, 64});
}

// A bright skull around tissue: air 0, rim 0.9, inside 0.5, a square of 1.5 and one of 0.02.
at::Tensor head() {
  auto image = 0.9 * disc(28) - 0.4 * disc(25);
  image.slice(2, 20, 26).slice(3, 30, 36).fill_(1.5);
  image.slice(2, 40, 46).slice(3, 30, 36).fill_(0.02);
  return image;
}

at::Tensor map_of(Tail tail, const at::Tensor& pixels) {
  SmallWorld world;
  ThresholdConfig config;
  config.tail = tail;
  return Threshold(config).detect(world.context(), {pixels, {{1, 0}}}).map;
}

double mean_of(const at::Tensor& map, int64_t row) {
  return map.slice(2, row, row + 6).slice(3, 30, 36).mean().item<double>();
}

TEST(HeadMask, FillsARingToADisc) {
  EXPECT_EQ(max_abs_diff(head_mask(disc(28) - disc(25), 0.1).to(at::kFloat), disc(28)), 0);
}

TEST(HeadMask, ClosesAGapInTheRing) {
  auto broken = disc(28) - disc(25);
  broken.slice(2, 30, 34).slice(3, 0, 32).fill_(0);
  const auto mask = head_mask(broken, 0.1).to(at::kFloat);
  EXPECT_EQ(max_abs_diff(mask * disc(24), disc(24)), 0);
  EXPECT_EQ((mask * (1 - disc(28))).sum().item<double>(), 0);
}

TEST(HeadMask, DoesNotKnowHowBrightTheScannerIs) {
  EXPECT_TRUE(at::equal(head_mask(head(), 0.1), head_mask(0.01 * head(), 0.1)));
}

TEST(HeadMask, OfABlackImageIsEmpty) { EXPECT_FALSE(head_mask(at::zeros({1, 1, 8, 8}), 0.1).any().item<bool>()); }

TEST(Threshold, EachTailSeesItsOwnSquareAndBothSeeBoth) {
  // The median is 0.5, the squares are 1.5 and 0.02.
  EXPECT_NEAR(mean_of(map_of(Tail::Bright, head()), 20), 0.75, 1e-5);
  EXPECT_NEAR(mean_of(map_of(Tail::Bright, head()), 40), 0.02 / 0.52, 1e-5);
  EXPECT_NEAR(mean_of(map_of(Tail::Dark, head()), 20), 0.25, 1e-5);
  EXPECT_NEAR(mean_of(map_of(Tail::Dark, head()), 40), 0.5 / 0.52, 1e-5);
  EXPECT_NEAR(mean_of(map_of(Tail::Both, head()), 20), 1.0 / 2, 1e-5);
  EXPECT_NEAR(mean_of(map_of(Tail::Both, head()), 40), 0.48 / 0.52, 1e-5);
  EXPECT_NEAR(map_of(Tail::Both, head())[0][0][32][20].item<double>(), 0, 1e-6);  // the median itself
}

TEST(Threshold, MarksNothingOutsideTheHead) {
  for (const Tail tail : {Tail::Dark, Tail::Bright, Tail::Both})
    EXPECT_EQ((map_of(tail, head()) * (1 - disc(28))).sum().item<double>(), 0) << name_of(tail);
}

TEST(Threshold, GivesTheSameMapAtHalfTheBrightness) {
  for (const Tail tail : {Tail::Dark, Tail::Bright, Tail::Both})
    EXPECT_LT(max_abs_diff(map_of(tail, head()), map_of(tail, 0.5 * head())), 1e-5) << name_of(tail);
}

TEST(Threshold, FindsNothingInABlackImageAndNoTailsInOneGrey) {
  for (const Tail tail : {Tail::Dark, Tail::Bright, Tail::Both})
    EXPECT_EQ(map_of(tail, at::zeros({1, 1, 16, 16})).abs().max().item<double>(), 0) << name_of(tail);
  EXPECT_LT(map_of(Tail::Both, at::full({1, 1, 16, 16}, 0.7F)).max().item<double>(), 1e-6);
}

TEST(Threshold, HealsNothingAndCallsNoNetwork) {
  SmallWorld world;
  const Images images = some_images(2);
  const auto found = make_detector("threshold", NoiseKind::Gaussian)->detect(world.context(), images);
  EXPECT_EQ(max_abs_diff(found.pseudo_healthy, images.pixels), 0);
  EXPECT_EQ(world.calls, 0);
}

}  // namespace
}  // namespace thor::test
