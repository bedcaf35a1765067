// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Grey-scale morphology with a flat k x k kernel and nearest border (grey_dilation, grey_erosion, grey_closing of
/// SciPy). For even k the window extends one pixel further down and right in a dilation, up and left in an erosion.
/// [N,1,H,W]
Tensor grey_dilation(const Tensor& images, int64_t kernel);
Tensor grey_erosion(const Tensor& images, int64_t kernel);
/// Closing, the erosion of the dilation: it fills dark gaps narrower than the kernel.
Tensor grey_closing(const Tensor& images, int64_t kernel);

}  // namespace thor
