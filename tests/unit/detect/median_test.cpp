// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/median.h"

#include "tests/support.h"
#include "thor/base/error.h"

namespace thor::test {
namespace {

TEST(MedianFilter, RemovesWhatIsSmallerThanHalfTheWindowAndKeepsEdges) {
  auto image = at::zeros({1, 1, 9, 9});
  image.slice(3, 5).fill_(1);
  auto speckled = image.clone();
  speckled[0][0][4][1] = 1;
  EXPECT_EQ(max_abs_diff(median_filter(speckled, 3), image), 0);
}

TEST(MedianFilter, MirrorsTheBorderWithTheBorderPixelRepeated) {
  // Windows of three rows that all equal this line: 1 1 5, 1 5 2, 5 2 2.
  const auto line = at::tensor({1.F, 5.F, 2.F}).reshape({1, 1, 1, 3});
  EXPECT_EQ(max_abs_diff(median_filter(line, 3), at::tensor({1.F, 2.F, 2.F}).reshape({1, 1, 1, 3})), 0);
}

TEST(MedianFilter, MayBeLargerThanTheImage) {
  EXPECT_EQ(median_filter(at::rand({2, 1, 3, 2}), 9).sizes(), (std::vector<int64_t>{2, 1, 3, 2}));
}

TEST(MedianFilter, OfOnePixelChangesNothingAndEvenWindowsAreRefused) {
  const auto image = at::rand({1, 1, 4, 4});
  EXPECT_EQ(max_abs_diff(median_filter(image, 1), image), 0);
  EXPECT_THROW(median_filter(image, 4), Error);
}

}  // namespace
}  // namespace thor::test
