// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// The value of a quantile that falls between two order statistics, as NumPy names it.
enum class Between {
  Linear,  ///< the linear interpolation of the two (NumPy's default)
  Lower    ///< the smaller one, so that the quantile is one of the values
};

/// The value that a share of all values do not exceed. Exact; it counts values into 65,536 bins first, so that it
/// copies only those that share a bin with the result. `values` are float32 or float64 of any shape. Throws Input where
/// one of them is NaN or infinite; Internal where there are none, and for a share outside of [0,1].
double quantile_of(const Tensor& values, double share, Between between = Between::Linear);
/// The same for a share in percent.
inline double percentile_of(const Tensor& values, double percent) { return quantile_of(values, percent / 100); }

}  // namespace thor
