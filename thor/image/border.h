// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// How values continue beyond the border.
enum class Border {
  Repeated,  ///< the outermost value: a a a | a b c d | d d d (SciPy's `nearest`)
  Mirrored   ///< with the border value repeated: c b a | a b c d | d c b, as often as needed (SciPy's `reflect`)
};

/// `radius` more values at both ends of an axis. Any shape.
Tensor with_border(const Tensor& values, int64_t axis, int64_t radius, Border border);

}  // namespace thor
