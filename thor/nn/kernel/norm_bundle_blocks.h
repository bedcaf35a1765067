// SPDX-License-Identifier: Apache-2.0
// The second kernel of the fused GroupNorm: from the partial sums of the shares to the coefficients of each channel,
// phase by phase as in norm_silu_blocks.h. One block handles an image and a bundle of whole groups, in double as on the
// CPU. Private to this room.
#pragma once
#include "thor/nn/kernel/norm_silu_blocks.h"

namespace thor::cuda {

inline constexpr int kLanes = 32, kSlices = kThreads / kLanes;

/// The shared memory of a block.
struct BundleMemory {
  double first[kSlices][kMaxGroup],
      second[kSlices][kMaxGroup];            ///< sums of the channels; slice 0 has the totals at the end
  double mean[kMaxGroup], other[kMaxGroup];  ///< values of the groups
};

struct Bundle {
  int64_t image = 0;
  int channel = 0, channels = 0, group_size = 1;
  THOR_DEVICE int groups() const { return channels / group_size; }
};
THOR_DEVICE Bundle bundle_of(const NormShape& s, int64_t image, int bundle) {
  const int first = bundle * s.bundle_size(), left = s.channels - first;
  return {image, first, left < s.bundle_size() ? left : s.bundle_size(), s.group_size()};
}

/// Phase 1: each slice of threads adds every kSlices-th share.
THOR_DEVICE void add_shares(const NormArguments& a, const Bundle& b, int thread, BundleMemory& m) {
  const int slice = thread / kLanes, shares = a.shape.shares();
  for (int c = thread % kLanes; c < b.channels; c += kLanes) {
    double first = 0, second = 0;
    for (int share = slice; share < shares; share += kSlices) {
      const float* of_share = a.partial + (b.image * shares + share) * 2 * a.shape.channels + b.channel + c;
      first += of_share[0];
      second += of_share[a.shape.channels];
    }
    m.first[slice][c] = first;
    m.second[slice][c] = second;
  }
}

/// Phase 2: the slices are added in order.
THOR_DEVICE void add_slices(const Bundle& b, int thread, BundleMemory& m) {
  for (int c = thread; c < b.channels; c += kThreads)
    for (int slice = 1; slice < kSlices; ++slice) {
      m.first[0][c] += m.first[slice][c];
      m.second[0][c] += m.second[slice][c];
    }
}

THOR_DEVICE double offset_of(const NormArguments& a, const Bundle& b, int c) {
  return a.offset ? a.offset[b.image * a.shape.channels + b.channel + c] : 0.0F;
}
/// Returns the value that the sums of a channel are centred on: its pivot plus the offset.
template <class T>
THOR_DEVICE double centre_of(const NormArguments& a, const Bundle& b, int c) {
  const int64_t first_pixel = b.image * a.shape.pixels * a.shape.channels + b.channel + c;
  return number(load<T, 1>(a.x, first_pixel).values[0]) + offset_of(a, b, c);
}

/// Phase 3, forward: one thread per group computes mean and inverse standard deviation.
template <class T>
THOR_DEVICE void moments_of_groups(const NormArguments& a, const Bundle& b, int thread, BundleMemory& m) {
  const double pixels = static_cast<double>(a.shape.pixels), values = pixels * b.group_size;
  for (int group = thread; group < b.groups(); group += kThreads) {
    const int begin = group * b.group_size, end = begin + b.group_size;
    double mean = 0, variance = 0;
    for (int c = begin; c < end; ++c) mean += (m.first[0][c] + pixels * centre_of<T>(a, b, c)) / values;
    for (int c = begin; c < end; ++c) {
      const double away = centre_of<T>(a, b, c) - mean;
      variance += (m.second[0][c] + 2 * away * m.first[0][c] + pixels * away * away) / values;
    }
    m.mean[group] = mean;
    m.other[group] = 1 / sqrt((variance > 0 ? variance : 0) + a.eps);
  }
}

/// Phase 4, forward: each thread writes the statistics of its channels.
template <class T>
THOR_DEVICE void write_statistics(const NormArguments& a, const Bundle& b, int thread, const BundleMemory& m) {
  const int all = a.shape.channels;
  float* out = a.statistics + b.image * 3 * all + b.channel;
  for (int c = thread; c < b.channels; c += kThreads) {
    const double mean = m.mean[c / b.group_size];
    out[c] = static_cast<float>(mean - offset_of(a, b, c));
    out[all + c] = static_cast<float>(m.other[c / b.group_size]);
    out[2 * all + c] =
        static_cast<float>(m.first[0][c] / static_cast<double>(a.shape.pixels) + centre_of<T>(a, b, c) - mean);
  }
}

/// Phase 3, backward: mean of the gradient of a group and its slope along c, the components that normalization removes.
THOR_DEVICE void gradients_of_groups(const NormArguments& a, const Bundle& b, int thread, BundleMemory& m) {
  const float* statistics = a.statistics + b.image * 3 * a.shape.channels + b.channel;
  const double values = static_cast<double>(a.shape.pixels) * b.group_size;
  for (int group = thread; group < b.groups(); group += kThreads) {
    double mean = 0, slope = 0;
    for (int c = group * b.group_size; c < (group + 1) * b.group_size; ++c) {
      const double by = a.weight[b.channel + c] * static_cast<double>(statistics[a.shape.channels + c]);
      mean += by * m.first[0][c] / values;
      slope += by * m.second[0][c] / values;
    }
    m.mean[group] = mean;
    m.other[group] = slope;
  }
}

/// Phase 4, backward: each thread writes the coefficients and gradients of its channels.
THOR_DEVICE void write_channel_gradients(const NormArguments& a, const Bundle& b, int thread, const BundleMemory& m) {
  const int all = a.shape.channels;
  const float* statistics = a.statistics + b.image * 3 * all + b.channel;
  float* out = a.gradients + b.image * 5 * all + b.channel;
  for (int c = thread; c < b.channels; c += kThreads) {
    const int group = c / b.group_size;
    const double inverse_deviation = statistics[all + c], excess = statistics[2 * all + c];
    const double by = a.weight[b.channel + c] * inverse_deviation;
    const double slope = -m.other[group] * inverse_deviation * inverse_deviation, level = -m.mean[group];
    out[c] = static_cast<float>(slope);
    out[all + c] = static_cast<float>(level);
    out[2 * all + c] = static_cast<float>(m.second[0][c] * inverse_deviation);
    out[3 * all + c] = static_cast<float>(m.first[0][c]);
    out[4 * all + c] =
        static_cast<float>(by * m.first[0][c] + static_cast<double>(a.shape.pixels) * (slope * excess + level));
  }
}

}  // namespace thor::cuda
