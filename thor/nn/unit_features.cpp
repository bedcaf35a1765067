// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/unit_features.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <vector>

#include "thor/base/vectorized.h"

namespace thor {
namespace {

constexpr float kLeastLength = 1e-10F;

/// The sum of sixteen lanes, always in this order.
THOR_INLINE float sum_of_lanes(const FloatLanes& lanes) {
  float sum = 0;
  for (int i = 0; i < kFloatLanes; ++i) sum += lanes[i];
  return sum;
}

// One function for both who divide by it: equal features must give equal lengths.
THOR_VECTORIZED void find_lengths(const float* x, int64_t pixels, int64_t channels, float* lengths) {
  for (int64_t pixel = 0; pixel < pixels; ++pixel, x += channels) {
    FloatLanes sum = {};
    for (int64_t c = 0; c < channels; c += kFloatLanes) {
      FloatLanes v;
      load(v, x + c);
      sum += v * v;
    }
    lengths[pixel] = std::sqrt(sum_of_lanes(sum)) + kLeastLength;
  }
}

THOR_VECTORIZED void divide(const float* x, const float* lengths, int64_t pixels, int64_t channels, float* y) {
  for (int64_t pixel = 0; pixel < pixels; ++pixel, x += channels, y += channels)
    for (int64_t c = 0; c < channels; c += kFloatLanes) {
      FloatLanes v;
      load(v, x + c);
      keep(v / lengths[pixel], y + c);
    }
}

/// A quotient cannot be contracted with the difference, so equal features are 0 apart.
THOR_VECTORIZED void compare(const float* unit, const float* y, const float* lengths, const float* head, int64_t pixels,
                             int64_t channels, float* distances) {
  for (int64_t pixel = 0; pixel < pixels; ++pixel, unit += channels, y += channels) {
    FloatLanes sum = {};
    for (int64_t c = 0; c < channels; c += kFloatLanes) {
      FloatLanes a, b, h;
      load(a, unit + c);
      load(b, y + c);
      load(h, head + c);
      const FloatLanes difference = a - b / lengths[pixel];
      sum += h * difference * difference;
    }
    distances[pixel] = sum_of_lanes(sum);
  }
}

bool has_kernel(const Tensor& t) {
  return t.is_cpu() && t.scalar_type() == at::kFloat && t.dim() == 4 && t.size(1) % kFloatLanes == 0 &&
         t.is_contiguous(at::MemoryFormat::ChannelsLast) && !at::GradMode::is_enabled();
}

/// Calls work(first value, pixels of an image, index of its first pixel) for every image.
template <class Work>
void for_each_image(const Tensor& t, Work work) {
  const int64_t pixels = t.size(2) * t.size(3);
  at::parallel_for(0, t.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) work(i * pixels * t.size(1), pixels, i * pixels);
  });
}

Tensor lengths_of(const Tensor& x) {
  const Tensor lengths = at::empty({x.size(0), 1, x.size(2), x.size(3)}, x.options());
  for_each_image(x, [&](int64_t value, int64_t pixels, int64_t pixel) {
    find_lengths(x.data_ptr<float>() + value, pixels, x.size(1), lengths.data_ptr<float>() + pixel);
  });
  return lengths;
}

}  // namespace

Tensor unit_over_channels(const Tensor& features) {
  if (!has_kernel(features)) return features / (features.square().sum(1, true).sqrt() + kLeastLength);
  const Tensor lengths = lengths_of(features);
  const Tensor unit = at::empty(features.sizes(), features.options(), at::MemoryFormat::ChannelsLast);
  for_each_image(features, [&](int64_t value, int64_t pixels, int64_t pixel) {
    divide(features.data_ptr<float>() + value, lengths.data_ptr<float>() + pixel, pixels, features.size(1),
           unit.data_ptr<float>() + value);
  });
  return unit;
}

Tensor headed_distance(const Tensor& unit_x, const Tensor& y, const Tensor& head) {
  if (!has_kernel(unit_x) || !has_kernel(y))
    return ((unit_x - unit_over_channels(y)).square() * head.view({1, -1, 1, 1})).sum(1, true);
  const Tensor lengths = lengths_of(y), weights = head.contiguous();
  const Tensor distances = at::empty_like(lengths);
  for_each_image(y, [&](int64_t value, int64_t pixels, int64_t pixel) {
    compare(unit_x.data_ptr<float>() + value, y.data_ptr<float>() + value, lengths.data_ptr<float>() + pixel,
            weights.data_ptr<float>(), pixels, y.size(1), distances.data_ptr<float>() + pixel);
  });
  return distances;
}

}  // namespace thor
