// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Median of the size x size window around every pixel, border mirrored (SciPy's median_filter); `size` odd, 1 changes
/// nothing. Internal error for other sizes. [N,1,H,W]
Tensor median_filter(const Tensor& images, int64_t size);

}  // namespace thor
