// SPDX-License-Identifier: Apache-2.0
// Private to this room: cubic B-spline interpolation (Unser et al. 1993), mirrored at the borders.
#pragma once
#include <array>

#include "thor/base/tensor.h"

namespace thor {

/// The weights of four neighbouring coefficients at a point between the second and the third, at `t` in [0,1] of the
/// way.
std::array<double, 4> spline_weights(double t);
/// Their derivatives by t.
std::array<double, 4> spline_slopes(double t);

/// The coefficients whose cubic B-spline passes through every value: float32 [D,H,W] -> the same shape, a copy.
Tensor spline_coefficients(const Tensor& values);

/// The spline between the centres `low` and `low` + 1, at `fraction` in [0,1) of the way along x, y, z. `coefficients`
/// are `size` = (W, H, D) of them in [z,y,x] order; `low` lies within.
float spline_value(const float* coefficients, const std::array<int64_t, 3>& size, const std::array<int64_t, 3>& low,
                   const std::array<double, 3>& fraction);

}  // namespace thor
