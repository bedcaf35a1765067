// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/config.h"
#include "thor/base/tensor.h"

namespace thor {

/// Median of the size x size window around every pixel, border mirrored (SciPy's median_filter); `size` odd, 1 changes
/// nothing. Internal error for other sizes. [N,1,H,W]
Tensor median_filter(const Tensor& images, int64_t size);

/// The field `map.median` of a detector's config, and its check. Throws Usage for an even size.
void describe_median(Fields& fields, int64_t* size);
void check_median(int64_t size);

}  // namespace thor
