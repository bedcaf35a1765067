// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/kernel/norm_silu.h"

#include <ATen/ATen.h>

#include <cmath>

#include "thor/nn/kernel/channel_blocks.h"
#include "thor/nn/kernel/norm_silu_kernels.h"
#include "thor/nn/kernel/vectorized.h"

namespace thor {
namespace {

constexpr int64_t kPivotPixels = 16;

/// Sums of what values exceed the pivot by, and of its squares, lane by lane: values far from 0 but close to each other
/// would leave nothing of their variance in float32.
template <class T>
THOR_INLINE void sum(const T* __restrict x, int64_t count, int64_t lanes, const float* __restrict pivot,
                     float* __restrict sums, float* __restrict squares) {
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t width = std::min(lanes, count - i);
    for (int64_t lane = 0; lane < width; ++lane) {
      const float v = value_of(x[i + lane]) - pivot[lane];
      sums[lane] += v;
      squares[lane] += v * v;
    }
  }
}

template <class T>
THOR_INLINE void scale(const T* __restrict x, int64_t count, int64_t lanes, const float* __restrict by,
                       const float* __restrict plus, T* __restrict y) {
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t width = std::min(lanes, count - i);
    for (int64_t lane = 0; lane < width; ++lane) store(value_of(x[i + lane]) * by[lane] + plus[lane], y[i + lane]);
  }
}

template <class T>
THOR_INLINE void scale_silu(const T* __restrict x, int64_t count, int64_t lanes, const float* __restrict by,
                            const float* __restrict plus, T* __restrict y) {
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t width = std::min(lanes, count - i);
    for (int64_t lane = 0; lane < width; ++lane) {
      const float v = value_of(x[i + lane]) * by[lane] + plus[lane];
      store(v / (1.0f + fast_exp(-v)), y[i + lane]);
    }
  }
}

THOR_VECTORIZED void sum_of(const float* x, int64_t count, int64_t lanes, const float* pivot, float* sums,
                            float* squares) {
  sum(x, count, lanes, pivot, sums, squares);
}
THOR_VECTORIZED void sum_of(const c10::BFloat16* x, int64_t count, int64_t lanes, const float* pivot, float* sums,
                            float* squares) {
  sum(x, count, lanes, pivot, sums, squares);
}
THOR_VECTORIZED void scale_by(const float* x, int64_t count, int64_t lanes, const float* by, const float* plus,
                              bool silu, float* y) {
  silu ? scale_silu(x, count, lanes, by, plus, y) : scale(x, count, lanes, by, plus, y);
}
THOR_VECTORIZED void scale_by(const c10::BFloat16* x, int64_t count, int64_t lanes, const float* by, const float* plus,
                              bool silu, c10::BFloat16* y) {
  silu ? scale_silu(x, count, lanes, by, plus, y) : scale(x, count, lanes, by, plus, y);
}

/// What the pixels of each channel exceed its pivot by: sums, and sums of squares. [images * channels]
struct Moments {
  std::vector<float> pivot;
  std::vector<double> sums, squares;
};

/// About the mean of each channel: that of some pixels far apart.
template <class T>
std::vector<float> pivots_of(const T* x, const ChannelBlocks& cut) {
  const int64_t step = std::max<int64_t>(1, cut.pixels / kPivotPixels), count = (cut.pixels + step - 1) / step;
  std::vector<float> pivots(cut.images * cut.channels, 0.0f);
  for (int64_t image = 0; image < cut.images; ++image)
    for (int64_t pixel = 0; pixel < cut.pixels; pixel += step) {
      const T* from = x + image * cut.image_values() + pixel * cut.channels;
      float* to = pivots.data() + image * cut.channels;
      for (int64_t c = 0; c < cut.channels; ++c) to[c] += value_of(from[c]) / static_cast<float>(count);
    }
  return pivots;
}

template <class T>
Moments moments_of(const T* x, const ChannelBlocks& cut) {
  std::vector<float> pivots = pivots_of(x, cut);
  const std::vector<float> pivot = cut.repeated(pivots);
  std::vector<float> partial(cut.count() * 2 * cut.lanes, 0.0f);
  cut.each([&](int64_t image, int64_t block, int64_t first, int64_t count) {
    float* sums = partial.data() + block * 2 * cut.lanes;
    sum_of(x + first, count, cut.lanes, pivot.data() + image * cut.lanes, sums, sums + cut.lanes);
  });
  auto totals = cut.totals(partial, 2);
  return {std::move(pivots), std::move(totals[0]), std::move(totals[1])};
}

/// What normalization by group, weight, bias and the offset come to for each channel: y = x by + plus.
struct ChannelMaps {
  std::vector<float> by, plus;  // [images * channels]
};

ChannelMaps maps_of(const NormParameters& norm, const ChannelBlocks& cut, const Moments& moments, const Tensor& offset,
                    const Tensor& statistics) {
  const int64_t channels = cut.channels, size = channels / norm.groups, pixels = cut.pixels;
  const double values = static_cast<double>(pixels * size);
  const float *weight = norm.weight.data_ptr<float>(), *bias = norm.bias.data_ptr<float>();
  const float* offsets = offset.defined() ? offset.data_ptr<float>() : nullptr;
  ChannelMaps maps{std::vector<float>(cut.images * channels), std::vector<float>(cut.images * channels)};
  for (int64_t first = 0; first < cut.images * channels; first += size) {
    const int64_t last = first + size;
    const auto added = [&](int64_t i) { return offsets ? static_cast<double>(offsets[i]) : 0.0; };
    double mean = 0, variance = 0;
    for (int64_t i = first; i < last; ++i) mean += (moments.sums[i] + pixels * (moments.pivot[i] + added(i))) / values;
    for (int64_t i = first; i < last; ++i) {
      const double away = moments.pivot[i] + added(i) - mean;
      variance += (moments.squares[i] + 2 * away * moments.sums[i] + pixels * away * away) / values;
    }
    const double inverse_deviation = 1 / std::sqrt(std::max(0.0, variance) + norm.eps);
    for (int64_t i = first; i < last; ++i) {
      const int64_t image = i / channels, c = i % channels;
      const double by = weight[c] * inverse_deviation;
      maps.by[i] = static_cast<float>(by);
      maps.plus[i] = static_cast<float>(bias[c] + (added(i) - mean) * by);
      float* of_image = statistics.data_ptr<float>() + image * 3 * channels;
      of_image[c] = static_cast<float>(mean - added(i));
      of_image[channels + c] = static_cast<float>(inverse_deviation);
      of_image[2 * channels + c] =
          static_cast<float>(moments.pivot[i] + added(i) - mean + moments.sums[i] / static_cast<double>(pixels));
    }
  }
  return maps;
}

template <class T>
void normalize(const NormParameters& norm, const Tensor& x, const Tensor& offset, bool silu, const Normalized& to) {
  const ChannelBlocks cut(x);
  const T* from = x.data_ptr<T>();
  T* y = to.y.data_ptr<T>();
  const ChannelMaps maps = maps_of(norm, cut, moments_of(from, cut), offset, to.statistics);
  const std::vector<float> by = cut.repeated(maps.by), plus = cut.repeated(maps.plus);
  cut.each([&](int64_t image, int64_t, int64_t first, int64_t count) {
    const int64_t lane = image * cut.lanes;
    scale_by(from + first, count, cut.lanes, by.data() + lane, plus.data() + lane, silu, y + first);
  });
}

}  // namespace

bool can_fuse_group_norm(const Tensor& x) {
  return x.device().is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

Normalized normalize_forward(const NormParameters& norm, const Tensor& x, const Tensor& offset, bool silu) {
  const Normalized result{at::empty(x.sizes(), x.options(), at::MemoryFormat::ChannelsLast),
                          at::empty({x.size(0), 3, x.size(1)}, x.options().dtype(at::kFloat))};
  const Tensor added = offset.defined() ? offset.to(at::kFloat).contiguous() : offset;
  if (x.scalar_type() == at::kBFloat16)
    normalize<c10::BFloat16>(norm, x, added, silu, result);
  else
    normalize<float>(norm, x, added, silu, result);
  return result;
}

}  // namespace thor
