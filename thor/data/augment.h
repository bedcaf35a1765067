// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/config.h"
#include "thor/base/random.h"
#include "thor/base/tensor.h"

namespace thor {

/// Parameters of the affine augmentation, drawn once per sample and epoch (METHODS 9).
struct AugmentConfig {
  bool enabled = true;
  double rotation_degrees = 10;
  double translation = 0.1;  ///< largest shift, as a fraction of the side
  double scale_min = 0.9, scale_max = 1.1;
  double flip_probability = 0.5;  ///< probability of a horizontal flip
  void describe(Fields& fields);
};

/// Returns a rotated, shifted, scaled and flipped copy of a slice: bilinear, filled with the minimum of the slice
/// outside. [H,W] -> [H,W]
Tensor augment(const AugmentConfig& config, const Tensor& slice, const StreamKey& key);

}  // namespace thor
