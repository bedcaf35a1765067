// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "thor/nn/kernel/channel_blocks.h"
#include "thor/nn/kernel/norm_silu_kernels.h"
#include "thor/nn/kernel/vectorized.h"

namespace thor {
namespace {

/// Numbers of the channels, repeated to fill the lanes. With c = x - center the output is silu(z), z = c by + bias.
struct NormLanes {
  const float *center, *by, *bias;
};

/// The gradient of z from that of silu(z).
THOR_INLINE float through_silu(float dy, float z) {
  const float sigmoid = 1.0f / (1.0f + fast_exp(-z));
  return dy * sigmoid * (1.0f + z * (1.0f - sigmoid));
}

/// Sums of dz and of dz c, lane by lane.
template <bool silu, class T>
THOR_INLINE void sum_gradients(const T* __restrict x, const T* __restrict dy, int64_t count, int64_t lanes,
                               const NormLanes& norm, float* __restrict sums, float* __restrict products) {
  const float* __restrict center = norm.center, * __restrict by = norm.by, * __restrict bias = norm.bias;
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t width = std::min(lanes, count - i);
    for (int64_t lane = 0; lane < width; ++lane) {
      const float c = value_of(x[i + lane]) - center[lane];
      float dz = value_of(dy[i + lane]);
      if (silu) dz = through_silu(dz, c * by[lane] + bias[lane]);
      sums[lane] += dz;
      products[lane] += dz * c;
    }
  }
}

/// dx = dz by + c slope + level
template <bool silu, class T>
THOR_INLINE void write_gradients(const T* __restrict x, const T* __restrict dy, int64_t count, int64_t lanes,
                                 const NormLanes& norm, const float* __restrict slope, const float* __restrict level,
                                 T* __restrict dx) {
  const float* __restrict center = norm.center, * __restrict by = norm.by, * __restrict bias = norm.bias;
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t width = std::min(lanes, count - i);
    for (int64_t lane = 0; lane < width; ++lane) {
      const float c = value_of(x[i + lane]) - center[lane];
      float dz = value_of(dy[i + lane]);
      if (silu) dz = through_silu(dz, c * by[lane] + bias[lane]);
      store(dz * by[lane] + c * slope[lane] + level[lane], dx[i + lane]);
    }
  }
}

THOR_VECTORIZED void sum_dz(const float* x, const float* dy, int64_t count, int64_t lanes, const NormLanes& norm,
                            bool silu, float* sums, float* products) {
  silu ? sum_gradients<true>(x, dy, count, lanes, norm, sums, products)
       : sum_gradients<false>(x, dy, count, lanes, norm, sums, products);
}
THOR_VECTORIZED void sum_dz(const c10::BFloat16* x, const c10::BFloat16* dy, int64_t count, int64_t lanes,
                            const NormLanes& norm, bool silu, float* sums, float* products) {
  silu ? sum_gradients<true>(x, dy, count, lanes, norm, sums, products)
       : sum_gradients<false>(x, dy, count, lanes, norm, sums, products);
}
THOR_VECTORIZED void write_dx(const float* x, const float* dy, int64_t count, int64_t lanes, const NormLanes& norm,
                              bool silu, const float* slope, const float* level, float* dx) {
  silu ? write_gradients<true>(x, dy, count, lanes, norm, slope, level, dx)
       : write_gradients<false>(x, dy, count, lanes, norm, slope, level, dx);
}
THOR_VECTORIZED void write_dx(const c10::BFloat16* x, const c10::BFloat16* dy, int64_t count, int64_t lanes,
                              const NormLanes& norm, bool silu, const float* slope, const float* level,
                              c10::BFloat16* dx) {
  silu ? write_gradients<true>(x, dy, count, lanes, norm, slope, level, dx)
       : write_gradients<false>(x, dy, count, lanes, norm, slope, level, dx);
}

/// Numbers of the channels of each image, [images * channels].
struct ChannelFactors {
  std::vector<float> center, by, bias, slope, level;
};

ChannelFactors factors_of(const NormParameters& norm, const ChannelBlocks& cut, const float* statistics) {
  const int64_t channels = cut.channels;
  const float *weight = norm.weight.data_ptr<float>(), *bias = norm.bias.data_ptr<float>();
  ChannelFactors factors;
  for (int64_t image = 0; image < cut.images; ++image, statistics += 3 * channels)
    for (int64_t c = 0; c < channels; ++c) {
      factors.center.push_back(statistics[c]);
      factors.by.push_back(weight[c] * statistics[channels + c]);
      factors.bias.push_back(bias[c]);
    }
  return factors;
}

/// From the sums over pixels: slope and level, and the gradients of weight, bias and offset.
void finish_sums(const ChannelBlocks& cut, int64_t groups, const float* statistics,
                 const std::vector<std::vector<double>>& sums, ChannelFactors& factors,
                 const NormGradients& gradients) {
  const int64_t channels = cut.channels, size = channels / groups;
  const double pixels = static_cast<double>(cut.pixels), values = pixels * static_cast<double>(size);
  std::vector<double> weight(channels), bias(channels);
  for (int64_t first = 0; first < cut.images * channels; first += size) {
    const float* of_image = statistics + first / channels * 3 * channels;
    double mean = 0, slope = 0;  // of the gradient within the group
    for (int64_t i = first; i < first + size; ++i) {
      mean += factors.by[i] * sums[0][i] / values;
      slope += factors.by[i] * sums[1][i] / values;
    }
    for (int64_t i = first; i < first + size; ++i) {
      const int64_t c = i % channels;
      const double inverse_deviation = of_image[channels + c], excess = of_image[2 * channels + c];
      const double by_slope = -slope * inverse_deviation * inverse_deviation;
      factors.slope.push_back(static_cast<float>(by_slope));
      factors.level.push_back(static_cast<float>(-mean));
      gradients.offset.data_ptr<float>()[i] =
          static_cast<float>(factors.by[i] * sums[0][i] + pixels * (by_slope * excess - mean));
      weight[c] += sums[1][i] * inverse_deviation;
      bias[c] += sums[0][i];
    }
  }
  std::copy(weight.begin(), weight.end(), gradients.weight.data_ptr<float>());
  std::copy(bias.begin(), bias.end(), gradients.bias.data_ptr<float>());
}

template <class T>
void differentiate(const NormParameters& norm, const Tensor& x, const Tensor& statistics, const Tensor& dy, bool silu,
                   const NormGradients& gradients) {
  const ChannelBlocks cut(x);
  const T *from = x.data_ptr<T>(), *gradient = dy.data_ptr<T>();
  T* dx = gradients.x.data_ptr<T>();
  ChannelFactors factors = factors_of(norm, cut, statistics.data_ptr<float>());
  const auto center = cut.repeated(factors.center), by = cut.repeated(factors.by), bias = cut.repeated(factors.bias);
  const auto lanes_of = [&](int64_t image) {
    const int64_t lane = image * cut.lanes;
    return NormLanes{center.data() + lane, by.data() + lane, bias.data() + lane};
  };
  std::vector<float> partial(cut.count() * 2 * cut.lanes, 0.0f);
  cut.each([&](int64_t image, int64_t block, int64_t first, int64_t count) {
    float* sums = partial.data() + block * 2 * cut.lanes;
    sum_dz(from + first, gradient + first, count, cut.lanes, lanes_of(image), silu, sums, sums + cut.lanes);
  });
  finish_sums(cut, norm.groups, statistics.data_ptr<float>(), cut.totals(partial, 2), factors, gradients);
  const auto slope = cut.repeated(factors.slope), level = cut.repeated(factors.level);
  cut.each([&](int64_t image, int64_t, int64_t first, int64_t count) {
    const int64_t lane = image * cut.lanes;
    write_dx(from + first, gradient + first, count, cut.lanes, lanes_of(image), silu, slope.data() + lane,
             level.data() + lane, dx + first);
  });
}

}  // namespace

NormGradients normalize_backward(const NormParameters& norm, const Tensor& x, const Tensor& statistics,
                                 const Tensor& dy, bool silu) {
  const auto number = x.options().dtype(at::kFloat);
  const NormGradients gradients{at::empty(x.sizes(), x.options(), at::MemoryFormat::ChannelsLast),
                                at::empty({x.size(1)}, number), at::empty({x.size(1)}, number),
                                at::empty({x.size(0), x.size(1)}, number)};
  if (x.scalar_type() == at::kBFloat16)
    differentiate<c10::BFloat16>(norm, x, statistics, dy, silu, gradients);
  else
    differentiate<float>(norm, x, statistics, dy, silu, gradients);
  return gradients;
}

}  // namespace thor
