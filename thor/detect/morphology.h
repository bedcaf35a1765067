// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Flat k x k grey morphology, border nearest (SciPy's grey_dilation, grey_erosion, grey_closing; for even k the window
/// reaches one pixel further down and right in a dilation, up and left in an erosion). [N,1,H,W]
Tensor grey_dilation(const Tensor& images, int64_t kernel);
Tensor grey_erosion(const Tensor& images, int64_t kernel);
/// Erosion of the dilation: fills dark gaps narrower than the kernel.
Tensor grey_closing(const Tensor& images, int64_t kernel);

}  // namespace thor
