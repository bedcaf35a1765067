// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Where the head (or the hand, or whatever was imaged) is: pixels brighter than `fraction` of the image's 98th
/// percentile, gaps narrower than 13 px at 128 px closed, and every pixel that has such pixels to its left, to its
/// right, above and below, so that dark tissue inside a bright rim belongs to it. Scaling an image's intensities
/// changes nothing. [N,1,H,W] -> bool [N,1,H,W]; empty for a black image.
Tensor head_mask(const Tensor& images, double fraction);

}  // namespace thor
