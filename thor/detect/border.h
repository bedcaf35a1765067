// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Pads an axis by `radius` pixels at both ends, mirrored with the border pixel repeated (`reflect` of SciPy): d c b a
/// | a b c d | d c b a, as often as needed. The tensor may have any shape.
Tensor mirrored_border(const Tensor& images, int64_t axis, int64_t radius);

}  // namespace thor
