// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// The connected parts of a mask: pixels meeting at edges or corners (8-neighbourhood), voxels at faces, edges or
/// corners (26-neighbourhood).
struct Components {
  std::vector<int64_t>
      labels;  ///< of each pixel, row by row, slice by slice: 0 outside, else 1..count in the order of first pixels
  std::vector<int64_t> sizes;  ///< in pixels; component c has sizes[c - 1]
  int64_t count() const { return static_cast<int64_t>(sizes.size()); }
};
Components connected_components(const Tensor& mask);  ///< [H,W] or [D,H,W], above 0 = inside

/// How many of `thresholds` (ascending) each value exceeds, in double precision; pixels in the order of memory.
std::vector<size_t> exceeded_thresholds(const Tensor& map, const std::vector<double>& thresholds);

/// What a case's lesions are worth at each threshold.
struct LesionCounts {
  int64_t lesions = 0;                ///< connected components of the truth
  std::vector<int64_t> found;         ///< lesions with at least the asked share of their pixels above the threshold
  std::vector<int64_t> false_alarms;  ///< components of the thresholded map that contain no lesion pixel
};

/// One case: map and truth [H,W] or [D,H,W], `thresholds` ascending. A lesion needs `overlap` of its pixels, and at
/// least one. One pass over the pixels for all thresholds: components grow as the threshold falls.
LesionCounts count_lesions(const Tensor& map, const Tensor& truth, const std::vector<double>& thresholds,
                           double overlap);

}  // namespace thor
