// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Returns f / (|f| + 1e-10) with |f| over the channels of a pixel: [N,C,h,w] -> [N,C,h,w]
Tensor unit_over_channels(const Tensor& features);

/// Returns the sum over channels of head * (unit_x - unit(y))^2, in one pass if y is float32 on the CPU in
/// channels-last. unit_x, y [N,C,h,w], head [C] -> [N,1,h,w]; exactly 0 where unit_x equals unit_over_channels(y).
Tensor headed_distance(const Tensor& unit_x, const Tensor& y, const Tensor& head);

}  // namespace thor
