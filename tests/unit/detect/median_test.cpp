// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/median.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/detect/morphology.h"

namespace thor::test {
namespace {

/// The middle one of the window's sorted values, border mirrored.
at::Tensor plain_median(const at::Tensor& images, int64_t size) {
  const at::Tensor result = at::empty_like(images);
  const int64_t height = images.size(2), width = images.size(3), half = size / 2;
  const auto mirrored = [](int64_t i, int64_t count) {
    while (i < 0 || i >= count) i = i < 0 ? -1 - i : 2 * count - 1 - i;
    return i;
  };
  for (int64_t n = 0; n < images.size(0); ++n)
    for (int64_t row = 0; row < height; ++row)
      for (int64_t column = 0; column < width; ++column) {
        std::vector<float> window;
        for (int64_t r = row - half; r <= row + half; ++r)
          for (int64_t c = column - half; c <= column + half; ++c)
            window.push_back(images[n][0][mirrored(r, height)][mirrored(c, width)].item<float>());
        std::sort(window.begin(), window.end());
        result[n][0][row][column] = window[window.size() / 2];
      }
  return result;
}

TEST(MedianFilter, TakesTheMiddleOfEveryWindowInAnySizeOfImageAndWindow) {
  for (const auto& size : {std::pair<int64_t, int64_t>{9, 19}, {2, 33}, {5, 1}})
    for (const int64_t window : {3, 5, 7, 15}) {
      const auto image = at::randn({2, 1, size.first, size.second});
      EXPECT_EQ(max_abs_diff(median_filter(image, window), plain_median(image, window)), 0) << window;
    }
}

TEST(MedianFilter, AndMorphologyAreTheSameOnAnyNumberOfThreads) {
  const auto image = at::randn({3, 1, 70, 40});
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto median = median_filter(image, 5), closed = grey_closing(image, 13);
  at::set_num_threads(3);
  EXPECT_TRUE(at::equal(median_filter(image, 5), median));
  EXPECT_TRUE(at::equal(grey_closing(image, 13), closed));
  at::set_num_threads(before);
}

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
