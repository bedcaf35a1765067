// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/kernel/upsample.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "thor/base/vectorized.h"

namespace thor {
namespace {

/// Where a pixel of the result lies between two of the source.
struct Between {
  int64_t first, second;
  float share;  // of the second
};

std::vector<Between> places(int64_t from, int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  std::vector<Between> result;
  for (int64_t i = 0; i < to; ++i) {
    const double place = std::max(0.0, (static_cast<double>(i) + 0.5) * scale - 0.5);
    const int64_t first = std::min(static_cast<int64_t>(place), from - 1);
    result.push_back({first, std::min(first + 1, from - 1), static_cast<float>(place - static_cast<double>(first))});
  }
  return result;
}

THOR_VECTORIZED void add_between(const float* first, const float* second, float share, int64_t count, float* total) {
  for (int64_t i = 0; i < count; ++i) total[i] += (1 - share) * first[i] + share * second[i];
}

}  // namespace

// Sideways first: the source has few rows, and what is left to do is a vector instruction a vector.
void add_upsampled(const Tensor& map, const Tensor& total) {
  const int64_t height = total.size(2), width = total.size(3), rows = map.size(2), columns = map.size(3);
  const std::vector<Between> down = places(rows, height), across = places(columns, width);
  at::parallel_for(0, map.size(0), 1, [&](int64_t begin, int64_t end) {
    std::vector<float> wide(static_cast<size_t>(rows * width));
    for (int64_t i = begin; i < end; ++i) {
      const float* from = map.data_ptr<float>() + i * rows * columns;
      float* to = total.data_ptr<float>() + i * height * width;
      float* next = wide.data();
      for (int64_t row = 0; row < rows; ++row, from += columns)
        for (const Between& place : across)
          *next++ = (1 - place.share) * from[place.first] + place.share * from[place.second];
      for (const Between& place : down) {
        add_between(wide.data() + place.first * width, wide.data() + place.second * width, place.share, width, to);
        to += width;
      }
    }
  });
}

}  // namespace thor
