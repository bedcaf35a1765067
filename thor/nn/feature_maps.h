// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// Sum of maps of several sizes, each brought to height x width bilinearly (align_corners false): [N,1,h,w].. ->
/// [N,1,H,W]. Neighbours of one size are summed before they are enlarged.
Tensor sum_at_size(const std::vector<Tensor>& maps, int64_t height, int64_t width);

}  // namespace thor
