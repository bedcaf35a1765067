// SPDX-License-Identifier: Apache-2.0
#include "thor/data/overlap.h"

#include <ATen/ATen.h>

#include <cstring>
#include <unordered_map>

namespace thor {
namespace {

/// Equal for equal slices; rarely for others.
uint64_t number_of_content(const Tensor& slice) {
  const Tensor values = slice.contiguous();
  const float* first = values.data_ptr<float>();
  uint64_t number = 0xcbf29ce484222325ULL;
  for (int64_t i = 0; i < values.numel(); ++i) {
    uint32_t bits = 0;
    std::memcpy(&bits, first + i, sizeof bits);
    number = (number ^ bits) * 0x100000001b3ULL;  // Fowler, Noll and Vo's
  }
  return number;
}

bool has_contrast(const Tensor& slice) { return slice.min().item<float>() < slice.max().item<float>(); }

}  // namespace

Overlap overlap_of(const Archive& a, const Archive& b) {
  Overlap overlap;
  if (a.slices.sizes().slice(1) != b.slices.sizes().slice(1)) return overlap;
  std::unordered_multimap<uint64_t, int64_t> places;
  for (int64_t i = 0; i < a.slices.size(0); ++i) places.emplace(number_of_content(a.slices[i]), i);
  for (int64_t i = 0; i < b.slices.size(0); ++i) {
    const Tensor slice = b.slices[i];
    const auto [first, last] = places.equal_range(number_of_content(slice));
    for (auto same = first; same != last; ++same) {
      if (!at::equal(a.slices[same->second], slice) || !has_contrast(slice)) continue;
      if (overlap.slices++ == 0) {
        overlap.name_in_a = a.names[static_cast<size_t>(same->second)];
        overlap.name_in_b = b.names[static_cast<size_t>(i)];
      }
      break;
    }
  }
  return overlap;
}

}  // namespace thor
