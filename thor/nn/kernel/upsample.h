// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// total += map brought to total's size bilinearly (align_corners false), as libtorch does within rounding. Both
/// float32 on the CPU, contiguous, [N,1,h,w] and [N,1,H,W]; the same on any number of threads.
void add_upsampled(const Tensor& map, const Tensor& total);

}  // namespace thor
