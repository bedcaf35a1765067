// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/median.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "thor/base/error.h"
#include "thor/base/vectorized.h"
#include "thor/image/border.h"

namespace thor {
namespace {

/// Image rows with a border of half a window.
struct Bordered {
  const float* values;
  int64_t wide, window;  // pixels
};

THOR_INLINE void exchange(float* low, float* high) {
  FloatLanes a, b;
  load(a, low);
  load(b, high);
  keep(a < b ? a : b, low);
  keep(a < b ? b : a, high);
}

/// The smallest of `count` becomes the first and the largest the last, lane by lane.
THOR_INLINE void move_extremes_out(float* values, int64_t count) {
  float* last = values + (count - 1) * kFloatLanes;
  for (int64_t i = 0; i < count / 2; ++i) exchange(values + i * kFloatLanes, last - i * kFloatLanes);
  for (int64_t i = 1; i < (count + 1) / 2; ++i) {
    exchange(values, values + i * kFloatLanes);
    exchange(last - i * kFloatLanes, last);
  }
}

/// Medians of the windows around sixteen pixels, of which `first` is the corner of the first. Of any half of the values
/// and two more neither the smallest nor the largest is the median: they make room for the next value, until three are
/// left. `values` has room for size^2 / 2 + 2 vectors.
THOR_INLINE void median_of_lanes(const Bordered& image, const float* first, float* values, float* result) {
  const int64_t size = image.window, all = size * size;
  int64_t count = all / 2 + 2, next = 0;
  const auto take = [&](float* to) {
    std::memcpy(to, first + next / size * image.wide + next % size, sizeof(FloatLanes));
    ++next;
  };
  while (next < count) take(values + next * kFloatLanes);
  while (next < all) {
    move_extremes_out(values, count);
    take(values);
    --count;
  }
  move_extremes_out(values, 3);
  std::memcpy(result, values + kFloatLanes, sizeof(FloatLanes));
}

THOR_VECTORIZED void median_of_row(const Bordered& image, int64_t row, float* scratch, int64_t width, float* result) {
  float medians[kFloatLanes];
  for (int64_t column = 0; column < width; column += kFloatLanes) {
    median_of_lanes(image, image.values + row * image.wide + column, scratch, medians);
    std::copy(medians, medians + std::min<int64_t>(kFloatLanes, width - column), result + column);
  }
}

/// `padded` [N,1,H + size - 1,W + size - 1] -> [N,1,H,W]
Tensor median_on_cpu(const Tensor& padded, int64_t size) {
  const int64_t tall = padded.size(2), height = tall - size + 1, width = padded.size(3) - size + 1;
  // The last lanes of a row read beyond it.
  const Tensor from = at::constant_pad_nd(padded, {0, kFloatLanes});
  const Tensor result = at::empty({padded.size(0), 1, height, width}, padded.options());
  at::parallel_for(0, padded.size(0) * height, 16, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch(static_cast<size_t>((size * size / 2 + 2) * kFloatLanes));
    for (int64_t i = begin; i < end; ++i) {
      const Bordered image{from.data_ptr<float>() + i / height * tall * from.size(3), from.size(3), size};
      median_of_row(image, i % height, scratch.data(), width, result.data_ptr<float>() + i * width);
    }
  });
  return result;
}

}  // namespace

Tensor median_filter(const Tensor& images, int64_t size) {
  check_images(images, "images for a median filter");
  if (size < 1 || size % 2 == 0) fail(ErrorKind::Internal, "the median's window is {}, expected an odd number", size);
  if (size == 1) return images;
  const Tensor rows = with_border(images, 2, size / 2, Border::Mirrored);
  const Tensor padded = with_border(rows, 3, size / 2, Border::Mirrored);
  if (images.is_cpu()) return median_on_cpu(padded, size);
  const Tensor windows = padded.unfold(2, size, 1).unfold(3, size, 1).flatten(4);  // [N,1,H,W,size*size]
  return std::get<0>(windows.median(-1));
}

void describe_median(Fields& fields, int64_t* size) {
  fields.add("map.median", size, "side of the median filter of the map, pixels, odd; 1 = off", between(1, 15));
}

void check_median(int64_t size) {
  if (size % 2 == 0) fail_usage("detector.map.median is {}, expected an odd number", size);
}

}  // namespace thor
