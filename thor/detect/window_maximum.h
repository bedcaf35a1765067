// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// How far a window reaches from its pixel.
struct WindowReach {
  int64_t before = 0;  ///< up and left
  int64_t after = 0;   ///< down and right
};

/// sign times the maximum of sign x over a square window around every pixel, as far as it lies in the image; sign 1, or
/// -1 for the minimum. Exact, and the same on any number of threads. float32 on the CPU without NaN, [N,1,H,W]
Tensor window_extremum(const Tensor& images, WindowReach reach, float sign);

}  // namespace thor
