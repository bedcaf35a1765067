// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/morphology.h"

#include "tests/support.h"
#include "thor/base/error.h"

namespace thor::test {
namespace {

at::Tensor line(std::vector<float> values) {
  return at::tensor(values, at::kFloat).reshape({1, 1, 1, static_cast<int64_t>(values.size())});
}

TEST(Morphology, DilationSpreadsAPointToASquare) {
  auto image = at::zeros({1, 1, 7, 7});
  image[0][0][3][2] = 1;
  auto expected = at::zeros({1, 1, 7, 7});
  expected.slice(2, 2, 5).slice(3, 1, 4).fill_(1);
  EXPECT_EQ(max_abs_diff(grey_dilation(image, 3), expected), 0);
}

TEST(Morphology, ClosingFillsGapsNarrowerThanTheKernelOnly) {
  EXPECT_EQ(max_abs_diff(grey_closing(line({1, 0, 0, 1, 0, 0, 0, 1}), 3), line({1, 1, 1, 1, 0, 0, 0, 1})), 0);
}

TEST(Morphology, EvenKernelsReachDownAndRightInADilation) {
  EXPECT_EQ(max_abs_diff(grey_dilation(line({0, 0, 1, 0, 0}), 2), line({0, 1, 1, 0, 0})), 0);
  EXPECT_EQ(max_abs_diff(grey_erosion(line({1, 1, 0, 1, 1}), 2), line({1, 1, 0, 0, 1})), 0);
}

TEST(Morphology, KernelsMayBeLargerThanTheImage) {
  const auto image = at::rand({2, 1, 3, 4}) - 2;
  const auto largest = image.amax({1, 2, 3}, true).expand_as(image),
             smallest = image.amin({1, 2, 3}, true).expand_as(image);
  EXPECT_EQ(max_abs_diff(grey_dilation(image, 13), largest), 0);
  EXPECT_EQ(max_abs_diff(grey_erosion(image, 13), smallest), 0);
}

TEST(Morphology, KernelOneChangesNothing) {
  const auto image = at::rand({1, 1, 5, 5});
  EXPECT_EQ(max_abs_diff(grey_closing(image, 1), image), 0);
}

TEST(Morphology, RefusesWhatIsNoKernel) { EXPECT_THROW(grey_dilation(at::rand({1, 1, 4, 4}), 0), Error); }

}  // namespace
}  // namespace thor::test
