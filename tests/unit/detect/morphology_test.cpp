// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/morphology.h"

#include <algorithm>

#include "tests/support.h"
#include "thor/base/error.h"

namespace thor::test {
namespace {

at::Tensor line(std::vector<float> values) {
  return at::tensor(values, at::kFloat).reshape({1, 1, 1, static_cast<int64_t>(values.size())});
}

/// The largest (`sign` 1) or smallest (-1) value of the window of each pixel, as far as it lies in the image.
at::Tensor plain_extremum(const at::Tensor& images, int64_t before, int64_t after, float sign) {
  const at::Tensor result = at::full_like(images, -INFINITY);
  const int64_t height = images.size(2), width = images.size(3);
  const auto x = images.accessor<float, 4>();
  auto y = result.accessor<float, 4>();
  for (int64_t n = 0; n < images.size(0); ++n)
    for (int64_t row = 0; row < height; ++row)
      for (int64_t column = 0; column < width; ++column)
        for (int64_t r = std::max<int64_t>(0, row - before); r <= std::min(height - 1, row + after); ++r)
          for (int64_t c = std::max<int64_t>(0, column - before); c <= std::min(width - 1, column + after); ++c)
            y[n][0][row][column] = std::max(y[n][0][row][column], sign * x[n][0][r][c]);
  return sign * result;
}

TEST(Morphology, TakesTheExtremaOfItsWindowInAnySizeOfImageAndKernel) {
  for (const auto& size : {std::pair<int64_t, int64_t>{21, 37}, {1, 50}, {17, 16}, {6, 1}})
    for (const int64_t kernel : {2, 3, 4, 5, 8, 13, 40}) {
      const auto image = at::randn({2, 1, size.first, size.second});
      const int64_t less = (kernel - 1) / 2, more = kernel / 2;
      EXPECT_EQ(max_abs_diff(grey_dilation(image, kernel), plain_extremum(image, less, more, 1)), 0) << kernel;
      EXPECT_EQ(max_abs_diff(grey_erosion(image, kernel), plain_extremum(image, more, less, -1)), 0) << kernel;
    }
}

TEST(Morphology, TakesImagesThatDoNotLieInOnePiece) {
  const auto wide = at::randn({2, 1, 12, 30});
  const auto part = wide.slice(3, 4, 21);
  EXPECT_EQ(max_abs_diff(grey_dilation(part, 5), grey_dilation(part.contiguous(), 5)), 0);
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
