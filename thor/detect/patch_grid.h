// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// A window of an image, pixels.
struct Patch {
  int64_t row = 0, column = 0, height = 0, width = 0;
  /// What of a tensor [...,H,W] lies in the window: a view.
  Tensor of(const Tensor& images) const;
};

/// Square windows of `patch` pixels that together cover height x width, row by row: ceil(side / patch) positions an
/// axis, evenly spread from edge to edge, so that they overlap where `patch` does not divide the side. A side not
/// longer than `patch` is covered by one window of its own length. Usage error for patch < 1.
std::vector<Patch> patch_grid(int64_t height, int64_t width, int64_t patch);

}  // namespace thor
