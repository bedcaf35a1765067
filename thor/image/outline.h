// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Draws the alignment of two slices: `image` in gray with the outlines of `reference` in green. The outlines are the
/// contours of the reference at its Otsu threshold; in a T1w head these are brain, ventricles and sulci. [H,W] in [0,1]
/// twice -> [3,H,W].
Tensor outlined(const Tensor& image, const Tensor& reference);

}  // namespace thor
