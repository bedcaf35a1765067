// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/squeeze_net.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "thor/base/vectorized.h"

namespace thor {
namespace {

PixelMap<const float> read_only(const PixelMap<float>& map) {
  return {map.values, map.height, map.width, map.channels, map.border};
}

/// A map in memory of its own, zero where nothing was written.
struct OwnMap {
  std::vector<float> values;
  PixelMap<float> map;
  OwnMap(int64_t height, int64_t width, int64_t channels, int64_t border = 0)
      : values(static_cast<size_t>((height + 2 * border) * (width + 2 * border) * channels)),
        map{values.data(), height, width, channels, border} {}
};

/// Image i of a tensor in channels-last.
PixelMap<float> image_of(const Tensor& t, int64_t i) {
  return {t.data_ptr<float>() + i * t.size(1) * t.size(2) * t.size(3), t.size(2), t.size(3), t.size(1), 0};
}

THOR_VECTORIZED void raise_to(const float* from, int64_t count, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = to[i] < from[i] ? from[i] : to[i];
}

// Side of a 3 x 3 pooling of stride 2 whose last window may reach out of the image.
int64_t pooled(int64_t size) { return size / 2; }

OwnMap pool(const PixelMap<float>& x) {
  OwnMap result(pooled(x.height), pooled(x.width), x.channels);
  for (int64_t row = 0; row < result.map.height; ++row)
    for (int64_t column = 0; column < result.map.width; ++column)
      // Of what ReLU left nothing is below the zeros the maximum starts from.
      for (int64_t r = 2 * row; r < std::min(2 * row + 3, x.height); ++r)
        for (int64_t c = 2 * column; c < std::min(2 * column + 3, x.width); ++c)
          raise_to(x.values + x.offset(r, c), x.channels, result.map.values + result.map.offset(row, column));
  return result;
}

DirectConvolution layer(const StateDict& weights, const std::string& name, int64_t stride, int64_t padding) {
  return {weights.at("net.features." + name + ".weight"), weights.at("net.features." + name + ".bias"), stride,
          padding};
}

}  // namespace

SqueezeNet::Fire::Fire(const StateDict& weights, int index)
    : squeeze(layer(weights, std::to_string(index) + ".squeeze", 1, 0)),
      expand1x1(layer(weights, std::to_string(index) + ".expand1x1", 1, 0)),
      expand3x3(layer(weights, std::to_string(index) + ".expand3x3", 1, 1)) {}

void SqueezeNet::Fire::run(const PixelMap<const float>& x, const PixelMap<float>& y) const {
  const OwnMap squeezed(x.height, x.width, squeeze.outputs(), /*border=*/1);
  squeeze.run(x, squeezed.map);
  expand1x1.run(read_only(squeezed.map), y);
  expand3x3.run(read_only(squeezed.map), y, expand1x1.outputs());
}

SqueezeNet::SqueezeNet(const StateDict& weights) : first_(layer(weights, "0", 2, 0)) {
  for (const int index : {3, 4, 6, 7, 9, 10, 11, 12}) fires_.emplace_back(weights, index);
}

void SqueezeNet::run(const PixelMap<const float>& image, const std::vector<PixelMap<float>>& taps) const {
  first_.run(image, taps[0]);
  const auto pooled_pair = [&](size_t fire, const PixelMap<float>& x, const PixelMap<float>& y) {
    const OwnMap below = pool(x);
    const OwnMap between(y.height, y.width, fires_[fire].outputs());
    fires_[fire].run(read_only(below.map), between.map);
    fires_[fire + 1].run(read_only(between.map), y);
  };
  pooled_pair(0, taps[0], taps[1]);
  pooled_pair(2, taps[1], taps[2]);
  fires_[4].run(read_only(pool(taps[2]).map), taps[3]);
  for (size_t tap = 4; tap < taps.size(); ++tap) fires_[tap + 1].run(read_only(taps[tap - 1]), taps[tap]);
}

std::vector<Tensor> SqueezeNet::taps(const Tensor& images) const {
  const Tensor from = images.contiguous(at::MemoryFormat::ChannelsLast);
  int64_t height = first_.size_of(from.size(2)), width = first_.size_of(from.size(3));
  std::vector<Tensor> taps;
  const auto add = [&](int64_t channels) {
    taps.push_back(at::empty({from.size(0), channels, height, width}, from.options(), at::MemoryFormat::ChannelsLast));
  };
  add(first_.outputs());
  for (const size_t fire : {1, 3, 4, 5, 6, 7}) {
    if (fire <= 4) height = pooled(height), width = pooled(width);
    add(fires_[fire].outputs());
  }
  at::parallel_for(0, from.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::vector<PixelMap<float>> of_image;
      for (const Tensor& tap : taps) of_image.push_back(image_of(tap, i));
      run(read_only(image_of(from, i)), of_image);
    }
  });
  return taps;
}

}  // namespace thor
