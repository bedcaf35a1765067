// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// A rectangular window of an image, in pixels.
struct Patch {
  int64_t row = 0, column = 0, height = 0, width = 0;
  /// Returns the part of a tensor [...,H,W] inside the window, as a view.
  Tensor of(const Tensor& images) const;
};

/// Returns square windows of `patch` pixels that cover height x width, row by row: ceil(side / patch) positions per
/// axis, evenly spaced from edge to edge, overlapping if `patch` does not divide the side. A side not longer than
/// `patch` is covered by one window of its length. Throws Usage for patch < 1.
std::vector<Patch> patch_grid(int64_t height, int64_t width, int64_t patch);

}  // namespace thor
