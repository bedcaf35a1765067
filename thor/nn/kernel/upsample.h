// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Adds a map to `total` after bilinear upsampling to its size (align_corners false), equal to libtorch within
/// rounding. Both are float32 on the CPU and contiguous, [N,1,h,w] and [N,1,H,W]. It is independent of the number of
/// threads.
void add_upsampled(const Tensor& map, const Tensor& total);

}  // namespace thor
