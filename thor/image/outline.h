// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// A picture of how well two slices meet: `image` in gray, the outlines of `reference` over it in green. Outlines run
/// where the reference crosses its Otsu threshold; in a T1w head these are brain, ventricles and sulci. [H,W] in [0,1]
/// twice -> [3,H,W].
Tensor outlined(const Tensor& image, const Tensor& reference);

}  // namespace thor
