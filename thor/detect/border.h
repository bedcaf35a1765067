// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// `radius` more pixels at both ends of an axis, mirrored with the border pixel repeated (SciPy's `reflect`):
/// d c b a | a b c d | d c b a, as often as needed. Any shape.
Tensor mirrored_border(const Tensor& images, int64_t axis, int64_t radius);

}  // namespace thor
