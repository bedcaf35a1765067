// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/config.h"

namespace thor {

/// What is done with volumes beyond what the detector does with a slice.
struct VolumeConfig {
  std::vector<double>
      slices;            ///< from, to: heights in mm after the preprocessing steps; empty = as the model was trained
  double smooth_mm = 0;  ///< full width at half maximum of a Gaussian over the map on the scan's own grid
  double min_ml = 0.1;   ///< smaller components are taken out of the mask and of the lesion table
  void describe(Fields& fields);
  /// Throws Usage where `slices` is neither empty nor two heights in ascending order.
  void check() const;
};

}  // namespace thor
