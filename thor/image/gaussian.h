// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/tensor.h"
#include "thor/image/border.h"

namespace thor {

/// The weights of a Gaussian with standard deviation `sigma` > 0 at -radius to radius samples; their sum is 1.
std::vector<double> gaussian_weights(double sigma, int64_t radius);

/// The correlation of values with an odd number of weights along one axis. Any shape. It is a sum of shifted tensors
/// and not a convolution, whose rounding may depend on the batch (or be TF32).
Tensor smoothed_along(const Tensor& values, int64_t axis, const std::vector<double>& weights, Border border);

}  // namespace thor
