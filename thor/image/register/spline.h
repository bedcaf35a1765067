// SPDX-License-Identifier: Apache-2.0
// Private to this room: cubic B-spline interpolation (Unser et al. 1993), mirrored at the borders.
#pragma once
#include <array>

#include "thor/base/tensor.h"

namespace thor {

/// Returns the weights of four neighbouring coefficients at a fraction `t` in [0,1] between the second and the third.
std::array<double, 4> spline_weights(double t);
/// Returns the derivatives of the weights by t.
std::array<double, 4> spline_slopes(double t);

/// Returns the coefficients of the interpolating cubic B-spline: float32 [D,H,W] -> a copy of the same shape.
Tensor spline_coefficients(const Tensor& values);

/// Evaluates the spline between the voxel centres `low` and `low` + 1, at `fraction` in [0,1) along x, y, z.
/// `coefficients` has the size (W, H, D) in [z,y,x] order; `low` is inside.
float spline_value(const float* coefficients, const std::array<int64_t, 3>& size, const std::array<int64_t, 3>& low,
                   const std::array<double, 3>& fraction);

}  // namespace thor
