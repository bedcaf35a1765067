// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// The partition of channels-last images for kernels with per-channel parameters. A row has `lanes` values, the
/// channels of one or several pixels, so that few channels fill the vector units too. A block has a number of rows that
/// depends only on the channels, so that sums round identically for any number of threads.
struct ChannelBlocks {
  int64_t images, pixels, channels;
  int64_t lanes;      ///< a multiple of the channels
  int64_t block;      ///< values per block, a multiple of the lanes
  int64_t per_image;  ///< blocks per image; the last may be shorter

  /// Partitions x [N,C,H,W].
  explicit ChannelBlocks(const Tensor& x);
  int64_t count() const { return images * per_image; }
  int64_t image_values() const { return pixels * channels; }

  /// Repeats per-channel values of each image to fill the lanes. [images * channels] -> [images * lanes]
  std::vector<float> repeated(const std::vector<float>& of_channels) const;
  /// Adds the float32 sums of the lanes of all blocks in double and in a fixed order. partial [count, kinds, lanes] ->
  /// [kinds, images * channels]
  std::vector<std::vector<double>> totals(const std::vector<float>& partial, int64_t kinds) const;

  /// Calls work(image, block, first value, values) for every block, on all threads if the size justifies it; blocks are
  /// counted over all images.
  template <class Work>
  void each(Work work) const {
    const auto some = [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t image = i / per_image, first = i % per_image * block;
        work(image, i, image * image_values() + first, std::min(block, image_values() - first));
      }
    };
    constexpr int64_t kSharedFrom = 1 << 18;  // number of values below which threads do not pay off
    if (images * image_values() >= kSharedFrom) return at::parallel_for(0, count(), 1, some);
    some(0, count());
  }
};

}  // namespace thor
