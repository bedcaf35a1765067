// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// The extent of a window around its pixel, pixels.
struct WindowReach {
  int64_t before = 0;  ///< up and left
  int64_t after = 0;   ///< down and right
};

/// Returns the maximum (sign = 1) or minimum (sign = -1) over a square window around every pixel, restricted to the
/// image. The result is exact and independent of the number of threads. float32 on the CPU without NaN, [N,1,H,W]
Tensor window_extremum(const Tensor& images, WindowReach reach, float sign);

}  // namespace thor
