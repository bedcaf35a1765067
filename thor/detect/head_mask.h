// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Segments the head (or another imaged body part): pixels brighter than `fraction` times the 98th percentile of the
/// image, with gaps narrower than 13 px at 128 px closed, and all pixels with such pixels to their left, to their
/// right, above and below, so that dark tissue inside a bright rim is included. The mask is invariant to intensity
/// scaling. [N,1,H,W] -> bool [N,1,H,W]; empty for a black image.
Tensor head_mask(const Tensor& images, double fraction);

}  // namespace thor
