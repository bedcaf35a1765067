// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "thor/base/tensor.h"

namespace thor {

/// How a region grows.
struct Growth {
  int64_t seed = 0;    ///< where it begins: row * width + column
  int64_t pixels = 1;  ///< how large it becomes, unless nothing is left to grow into
};

/// The pixels that are reached first from the seed, stepping between neighbours that share an edge, where entering a
/// pixel takes its `cost`: float32 [H,W] > 0, infinite where the region must not go. One connected piece. -> float32
/// [H,W], 1 in the region, else 0
Tensor grow_region(const Tensor& cost, const Growth& growth);

}  // namespace thor
