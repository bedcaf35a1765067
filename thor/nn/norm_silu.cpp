// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/norm_silu.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

// One version of a loop for each generation of vector units; the program picks at start-up.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define THOR_VECTORIZED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define THOR_VECTORIZED
#endif
#define THOR_INLINE inline __attribute__((always_inline))

namespace thor {
namespace {

constexpr int64_t kLanes = 64;               // values side by side, so that few channels fill the vector units too
constexpr int64_t kBlockValues = 16 * 1024;  // summed in float32 before double takes over
constexpr int64_t kPivotPixels = 16;
constexpr int64_t kSharedFrom = 1 << 18;  // values below which threads cost more than they give

THOR_INLINE float value_of(float x) { return x; }
THOR_INLINE float value_of(c10::BFloat16 x) {
  const uint32_t bits = static_cast<uint32_t>(x.x) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
THOR_INLINE void store(float value, float& to) { to = value; }
/// To nearest, ties to even. NaN stays NaN because its payload's upper bits are never all zero here.
THOR_INLINE void store(float value, c10::BFloat16& to) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  to.x = static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

/// exp to 2e-7 in [-87, 87], beyond that about the nearest power of 2 there is: 2^n times a polynomial on
/// [-ln2/2, ln2/2]. Comparing floats would keep the loop from being vectorized, so integers are clamped.
THOR_INLINE float fast_exp(float x) {
  constexpr float kShift = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer, in the low bits
  constexpr int32_t kShiftBits = 0x4b400000;
  const float shifted = x * 1.44269504f + kShift, n = shifted - kShift;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  int32_t exponent = bits - kShiftBits;
  exponent = exponent < -126 ? -126 : exponent;
  exponent = exponent > 127 ? 127 : exponent;
  bits = static_cast<int32_t>(static_cast<uint32_t>(exponent + 127) << 23);
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return p * power;
}

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

/// One image: pixels x channels, as it lies in memory.
template <class T>
struct Plane {
  const T* x;
  T* y;
  int64_t pixels, channels;
};

/// Affine maps of channels, repeated to fill the lanes.
struct ChannelMaps {
  std::vector<float> by, plus;
};

template <class Work>
void over_blocks(int64_t blocks, int64_t values, Work work) {
  if (values >= kSharedFrom) return at::parallel_for(0, blocks, 1, work);
  work(0, blocks);
}

/// What the pixels of each channel exceed its pivot by: sums, and sums of squares.
struct Moments {
  std::vector<float> pivot;  // [lanes], those of the channels again and again
  std::vector<double> sums, squares;
};

/// About the mean of each channel: that of some pixels far apart.
template <class T>
std::vector<float> pivot_of(const Plane<T>& plane, int64_t lanes) {
  const int64_t step = std::max<int64_t>(1, plane.pixels / kPivotPixels), count = (plane.pixels + step - 1) / step;
  std::vector<float> pivot(lanes, 0.0f);
  for (int64_t pixel = 0; pixel < plane.pixels; pixel += step)
    for (int64_t lane = 0; lane < lanes; ++lane)
      pivot[lane] += value_of(plane.x[pixel * plane.channels + lane % plane.channels]) / static_cast<float>(count);
  return pivot;
}

template <class T>
Moments moments_of(const Plane<T>& plane, int64_t block, int64_t lanes) {
  const int64_t blocks = (plane.pixels + block - 1) / block, channels = plane.channels;
  Moments result{pivot_of(plane, lanes), std::vector<double>(channels), std::vector<double>(channels)};
  std::vector<float> partial(blocks * 2 * lanes, 0.0f);
  over_blocks(blocks, plane.pixels * channels, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const int64_t first = b * block, count = std::min(block, plane.pixels - first);
      float* sums = partial.data() + b * 2 * lanes;
      sum_of(plane.x + first * channels, count * channels, lanes, result.pivot.data(), sums, sums + lanes);
    }
  });
  for (int64_t b = 0; b < blocks; ++b)
    for (int64_t lane = 0; lane < lanes; ++lane) {
      result.sums[lane % channels] += partial[b * 2 * lanes + lane];
      result.squares[lane % channels] += partial[(b * 2 + 1) * lanes + lane];
    }
  return result;
}

/// What normalization by group, weight, bias and the offset come to for each channel.
ChannelMaps maps_of(const NormParameters& norm, const Moments& moments, int64_t pixels, const float* offset) {
  const int64_t channels = static_cast<int64_t>(moments.sums.size()), size = channels / norm.groups;
  const int64_t lanes = static_cast<int64_t>(moments.pivot.size());
  const double values = static_cast<double>(pixels * size);
  const float *weight = norm.weight.data_ptr<float>(), *bias = norm.bias.data_ptr<float>();
  const auto added = [&](int64_t c) { return offset ? static_cast<double>(offset[c]) : 0.0; };
  ChannelMaps maps{std::vector<float>(lanes), std::vector<float>(lanes)};
  for (int64_t group = 0; group < norm.groups; ++group) {
    const int64_t first = group * size, last = first + size;
    double mean = 0, variance = 0;
    for (int64_t c = first; c < last; ++c) mean += (moments.sums[c] + pixels * (moments.pivot[c] + added(c))) / values;
    for (int64_t c = first; c < last; ++c) {
      const double away = moments.pivot[c] + added(c) - mean;
      variance += (moments.squares[c] + 2 * away * moments.sums[c] + pixels * away * away) / values;
    }
    const double inverse_deviation = 1 / std::sqrt(std::max(0.0, variance) + norm.eps);
    for (int64_t c = first; c < last; ++c) {
      const double by = weight[c] * inverse_deviation;
      for (int64_t lane = c; lane < lanes; lane += channels) {
        maps.by[lane] = static_cast<float>(by);
        maps.plus[lane] = static_cast<float>(bias[c] + (added(c) - mean) * by);
      }
    }
  }
  return maps;
}

template <class T>
void normalize(const NormParameters& norm, const Plane<T>& plane, const float* offset, bool silu) {
  const int64_t channels = plane.channels, lanes = channels * std::max<int64_t>(1, kLanes / channels);
  const int64_t together = lanes / channels;  // pixels
  const int64_t block = std::max<int64_t>(1, kBlockValues / lanes) * together;
  const ChannelMaps maps = maps_of(norm, moments_of(plane, block, lanes), plane.pixels, offset);
  over_blocks((plane.pixels + block - 1) / block, plane.pixels * channels, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * block, count = std::min(end * block, plane.pixels) - first;
    scale_by(plane.x + first * channels, count * channels, lanes, maps.by.data(), maps.plus.data(), silu,
             plane.y + first * channels);
  });
}

template <class T>
void normalize_all(const NormParameters& norm, const Tensor& x, const Tensor& offset, bool silu, const Tensor& y) {
  const int64_t channels = x.size(1), pixels = x.size(2) * x.size(3);
  for (int64_t n = 0; n < x.size(0); ++n)
    normalize<T>(norm,
                 {x.data_ptr<T>() + n * pixels * channels, y.data_ptr<T>() + n * pixels * channels, pixels, channels},
                 offset.defined() ? offset.data_ptr<float>() + n * channels : nullptr, silu);
}

}  // namespace

bool can_fuse_group_norm(const Tensor& x) {
  return !at::GradMode::is_enabled() && x.device().is_cpu() &&
         (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

Tensor fused_group_norm(const NormParameters& norm, const Tensor& x, const Tensor& offset, bool silu) {
  const Tensor image = x.contiguous(at::MemoryFormat::ChannelsLast);
  const Tensor y = at::empty(image.sizes(), image.options(), at::MemoryFormat::ChannelsLast);
  const Tensor added = offset.defined() ? offset.to(at::kFloat).contiguous() : offset;
  if (x.scalar_type() == at::kBFloat16)
    normalize_all<c10::BFloat16>(norm, image, added, silu, y);
  else
    normalize_all<float>(norm, image, added, silu, y);
  return y;
}

}  // namespace thor
