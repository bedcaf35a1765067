// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/config.h"
#include "thor/base/random.h"
#include "thor/base/tensor.h"

namespace thor {

/// One affine draw per sample and epoch (METHODS 9).
struct AugmentConfig {
  bool enabled = true;
  double rotation_degrees = 10;
  double translation = 0.1;  ///< of the side
  double scale_min = 0.9, scale_max = 1.1;
  double flip_probability = 0.5;  ///< horizontal
  void describe(Fields& fields);
};

/// Rotated, shifted, scaled, flipped copy of one slice, bilinear, outside = the slice's minimum. [H,W] -> [H,W]
Tensor augment(const AugmentConfig& config, const Tensor& slice, const StreamKey& key);

}  // namespace thor
