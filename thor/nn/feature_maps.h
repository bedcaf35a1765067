// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// f / (|f| + 1e-10), |f| over the channels of a pixel: [N,C,h,w] -> [N,C,h,w]
Tensor unit_over_channels(const Tensor& features);

/// Sum of maps of several sizes, each brought to height x width bilinearly (align_corners false): [N,1,h,w].. ->
/// [N,1,H,W]
Tensor sum_at_size(const std::vector<Tensor>& maps, int64_t height, int64_t width);

}  // namespace thor
