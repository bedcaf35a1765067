// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// Returns the sum of maps of several sizes, each upsampled bilinearly to height x width (align_corners false):
/// [N,1,h,w].. -> [N,1,H,W]. Adjacent maps of equal size are summed before upsampling.
Tensor sum_at_size(const std::vector<Tensor>& maps, int64_t height, int64_t width);

}  // namespace thor
