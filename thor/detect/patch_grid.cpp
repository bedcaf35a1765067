// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/patch_grid.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"

namespace thor {
namespace {

// First pixels of the windows along one side.
std::vector<int64_t> window_starts(int64_t side, int64_t patch) {
  const int64_t count = (side + patch - 1) / patch;
  std::vector<int64_t> starts{0};
  for (int64_t i = 1; i < count; ++i)
    starts.push_back(std::llround(static_cast<double>(i * (side - patch)) / static_cast<double>(count - 1)));
  return starts;
}

}  // namespace

Tensor Patch::of(const Tensor& images) const { return images.narrow(-2, row, height).narrow(-1, column, width); }

std::vector<Patch> patch_grid(int64_t height, int64_t width, int64_t patch) {
  if (patch < 1) fail_usage("the patch is {} pixels, expected at least 1", patch);
  std::vector<Patch> grid;
  for (const int64_t row : window_starts(height, patch))
    for (const int64_t column : window_starts(width, patch))
      grid.push_back({row, column, std::min(patch, height), std::min(patch, width)});
  return grid;
}

}  // namespace thor
