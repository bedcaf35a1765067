// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Returns the percentile with linear interpolation between order statistics (the default of numpy). It is exact and
/// copies only the values in the same one of 65536 bins. `values` is float32 of any shape, finite, with at least one
/// value.
double percentile_of(const Tensor& values, double percent);

}  // namespace thor
