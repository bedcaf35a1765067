// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/kernel/direct_convolution.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/base/vectorized.h"

namespace thor {
namespace {

/// Multiplications below which threads cost more than they give: some hundredths of a millisecond on one core.
constexpr int64_t kConvolutionAlone = 2'000'000;

/// What is multiplied for one block of output channels.
struct ConvolutionBlock {
  const float *weights, *bias;  // [taps, Cin, block], [block]
  const int64_t* taps;          // offsets of the window's pixels
  int64_t tap_count, inputs;
};

/// Pixels of the result: where the window of each begins and where its block of channels goes.
struct PixelPlaces {
  const float* x;
  float* y;
  const int64_t *from, *to;
  int64_t count;
};

/// kPixels pixels by kVectors vectors of channels, all of which stay in registers; `kept` of the pixels are stored.
template <int kPixels, int kVectors>
THOR_INLINE void convolve_tile(const ConvolutionBlock& block, const PixelPlaces& places, int64_t begin) {
  const float* x[kPixels];
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) x[p] = places.x + places.from[std::min<int64_t>(begin + p, places.count - 1)];
  FloatLanes sums[kPixels][kVectors];
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) load(sums[p][v], block.bias + v * kFloatLanes);
  const float* weights = block.weights;
  for (int64_t tap = 0; tap < block.tap_count; ++tap) {
    const int64_t offset = block.taps[tap];
    for (int64_t c = 0; c < block.inputs; ++c, weights += kVectors * kFloatLanes) {
      FloatLanes w[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) load(w[v], weights + v * kFloatLanes);
#pragma GCC unroll 16
      for (int p = 0; p < kPixels; ++p) {
        const float value = x[p][offset + c];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sums[p][v] += value * w[v];
      }
    }
  }
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      if (begin + p >= places.count) return;
      keep(sums[p][v] > 0 ? sums[p][v] : FloatLanes{}, places.y + places.to[begin + p] + v * kFloatLanes);
    }
}

template <int kPixels, int kVectors>
THOR_INLINE void convolve_tiles(const ConvolutionBlock& block, const PixelPlaces& places) {
  for (int64_t begin = 0; begin < places.count; begin += kPixels)
    convolve_tile<kPixels, kVectors>(block, places, begin);
}

// As many sums as 32 registers hold beside the weights.
THOR_VECTORIZED void convolve(const ConvolutionBlock& block, const PixelPlaces& places, int64_t vectors) {
  if (vectors == 4) return convolve_tiles<6, 4>(block, places);
  if (vectors == 3) return convolve_tiles<8, 3>(block, places);
  if (vectors == 2) return convolve_tiles<12, 2>(block, places);
  convolve_tiles<14, 1>(block, places);
}

/// Channels computed together: the largest of 64, 48, 32 and 16 that divides all.
int64_t block_of(int64_t outputs) {
  for (const int64_t block : {64, 48, 32, 16})
    if (outputs % block == 0) return block;
  fail(ErrorKind::Internal, "a direct convolution has {} outputs, expected a multiple of 16", outputs);
}

}  // namespace

DirectConvolution::DirectConvolution(const Tensor& weight, const Tensor& bias, int64_t stride, int64_t padding)
    : inputs_(weight.size(1)),
      outputs_(weight.size(0)),
      side_(weight.size(2)),
      stride_(stride),
      padding_(padding),
      block_(block_of(outputs_)) {
  const auto values = [](const Tensor& t) {
    const Tensor own = t.to(at::kCPU, at::kFloat).contiguous();
    return std::vector<float>(own.data_ptr<float>(), own.data_ptr<float>() + own.numel());
  };
  weights_ = values(weight.reshape({outputs_ / block_, block_, inputs_, side_, side_}).permute({0, 3, 4, 2, 1}));
  bias_ = values(bias);
}

void DirectConvolution::run(const PixelMap<const float>& x, const PixelMap<float>& y, int64_t first) const {
  std::vector<int64_t> taps, from, to;
  for (int64_t row = 0; row < side_; ++row)
    for (int64_t column = 0; column < side_; ++column) taps.push_back(x.offset(row, column) - x.offset(0, 0));
  for (int64_t row = 0; row < y.height; ++row)
    for (int64_t column = 0; column < y.width; ++column) {
      from.push_back(x.offset(row * stride_ - padding_, column * stride_ - padding_));
      to.push_back(y.offset(row, column));
    }
  const int64_t window = side_ * side_, alone = std::max<int64_t>(1, kConvolutionAlone / (window * inputs_ * outputs_));
  at::parallel_for(0, y.height * y.width, alone, [&](int64_t begin, int64_t end) {
    for (int64_t done = 0; done < outputs_; done += block_) {
      const ConvolutionBlock block{weights_.data() + done * window * inputs_, bias_.data() + done, taps.data(), window,
                                   inputs_};
      convolve(block, {x.values, y.values + first + done, from.data() + begin, to.data() + begin, end - begin},
               block_ / kFloatLanes);
    }
  });
}

}  // namespace thor
