// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/random.h"
#include "thor/base/tensor.h"

namespace thor {

/// Returns the slice as a brain extraction might have left it, with the probability `share`: black outside a mask that
/// is the brain, dilated or eroded by up to three pixels of the 112 grid; in every third case on one side of a line
/// only. `slice` is float32 [H,W] in [0,1], `brain` uint8 [H,W]. A slice whose brain is unknown (all 0) or smaller than
/// one percent of it stays as it is. It is a pure function of its arguments.
Tensor strip_skull(double share, const Tensor& slice, const Tensor& brain, const StreamKey& key);

}  // namespace thor
