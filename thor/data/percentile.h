// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// The value that `percent` of all values do not exceed: linear interpolation between order statistics, as numpy does
/// by default. Exact; needs no copy of the values except of those that share one of 65536 bins with it. `values`
/// float32, any shape, at least one value, finite.
double percentile_of(const Tensor& values, double percent);

}  // namespace thor
