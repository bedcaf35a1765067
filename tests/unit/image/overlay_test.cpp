// SPDX-License-Identifier: Apache-2.0
#include "thor/image/overlay.h"

#include "tests/unit/image/pictures.h"

namespace thor::test {
namespace {

TEST(Overlay, ShowsTheImageWhereTheMapIsZero) {
  const at::Tensor image = pattern(8, 9) / 255;
  const at::Tensor shown = overlay(image, at::zeros({8, 9}));
  EXPECT_LT(max_abs_diff(shown, image.expand({3, 8, 9})), 1e-6);
}

TEST(Overlay, ShowsTheColourWhereTheMapIsOne) {
  const at::Tensor ones = at::ones({8, 9});
  EXPECT_LT(max_abs_diff(overlay(pattern(8, 9) / 255, ones), heat(ones)), 1e-6);
}

TEST(Overlay, RefusesAMapOfAnotherSize) { EXPECT_THROW(overlay(at::zeros({8, 9}), at::zeros({9, 8})), Error); }

TEST(Heat, GetsLighterWithTheMap) {
  const at::Tensor colours = heat(at::arange(101, at::kFloat).reshape({1, 101}) / 100);  // [3,1,101]
  const at::Tensor luminance = 0.2126 * colours[0] + 0.7152 * colours[1] + 0.0722 * colours[2];
  EXPECT_GT(at::diff(luminance.flatten()).min().item<float>(), 0);
}

TEST(Heat, StaysInTheUnitRangeWhateverTheMap) {
  const at::Tensor colours = heat(at::tensor({-3.0f, 0.5f, 9.0f, static_cast<float>(NAN)}).reshape({2, 2}));
  EXPECT_GE(colours.min().item<float>(), 0);
  EXPECT_LE(colours.max().item<float>(), 1);
}

}  // namespace
}  // namespace thor::test
