// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "thor/base/tensor.h"

namespace thor {

/// Parameters of region growing.
struct Growth {
  int64_t seed = 0;    ///< index of the seed pixel: row * width + column
  int64_t pixels = 1;  ///< target size, reached unless no pixel is left
};

/// Grows a region from the seed by shortest paths between 4-connected neighbours, where entering a pixel costs `cost`,
/// float32 [H,W] > 0, infinite in excluded pixels. The region is connected. -> float32 [H,W], 1 in the region, else 0
Tensor grow_region(const Tensor& cost, const Growth& growth);

}  // namespace thor
