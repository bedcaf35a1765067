// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/kernel/channel_blocks.h"

#include <ATen/ATen.h>

namespace thor {
namespace {

constexpr int64_t kLanes = 64;               // at least, where there are pixels enough
constexpr int64_t kBlockValues = 16 * 1024;  // summed in float32 before double takes over

}  // namespace

ChannelBlocks::ChannelBlocks(const Tensor& x) : images(x.size(0)), pixels(x.size(2) * x.size(3)), channels(x.size(1)) {
  lanes = channels * std::max<int64_t>(1, kLanes / channels);
  block = std::max<int64_t>(1, kBlockValues / lanes) * lanes;
  per_image = (image_values() + block - 1) / block;
}

std::vector<float> ChannelBlocks::repeated(const std::vector<float>& of_channels) const {
  std::vector<float> filled;
  filled.reserve(images * lanes);
  for (int64_t image = 0; image < images; ++image)
    for (int64_t lane = 0; lane < lanes; lane += channels)
      filled.insert(filled.end(), of_channels.begin() + image * channels, of_channels.begin() + (image + 1) * channels);
  return filled;
}

std::vector<std::vector<double>> ChannelBlocks::totals(const std::vector<float>& partial, int64_t kinds) const {
  std::vector<std::vector<double>> sums(kinds, std::vector<double>(images * channels));
  const float* from = partial.data();
  for (int64_t i = 0; i < count(); ++i)
    for (auto& of_kind : sums) {
      double* to = of_kind.data() + i / per_image * channels;
      for (int64_t lane = 0; lane < lanes; lane += channels, from += channels)
        for (int64_t c = 0; c < channels; ++c) to[c] += from[c];
    }
  return sums;
}

}  // namespace thor
