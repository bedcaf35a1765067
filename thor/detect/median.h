// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/config.h"
#include "thor/base/tensor.h"

namespace thor {

/// Applies a median filter with a size x size window and mirrored border (median_filter of SciPy). `size` is odd; 1 is
/// the identity. Throws Internal for other sizes. [N,1,H,W]
Tensor median_filter(const Tensor& images, int64_t size);

/// Declares and checks the field `map.median` of a detector's config. The check throws Usage for an even size.
void describe_median(Fields& fields, int64_t* size);
void check_median(int64_t size);

}  // namespace thor
