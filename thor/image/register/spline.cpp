// SPDX-License-Identifier: Apache-2.0
#include "thor/image/register/spline.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace thor {
namespace {

const double kPole = std::sqrt(3.0) - 2;
constexpr int64_t kHorizon = 16;  // kPole to this power is below a float's rounding

/// An index beyond the border mirrored about the outermost centres.
int64_t mirrored(int64_t index, int64_t size) {
  if (size == 1) return 0;
  const int64_t period = 2 * (size - 1);
  index = std::abs(index) % period;
  return std::min(index, period - index);
}

/// The recursive filter along one dimension, in place.
void filter_along(Tensor& values, int64_t dimension) {
  const int64_t size = values.size(dimension);
  if (size == 1) return;
  const auto layer = [&](int64_t index) { return values.select(dimension, index); };
  values.mul_((1 - kPole) * (1 - 1 / kPole));
  Tensor first = layer(0).clone();
  double power = 1;
  for (int64_t k = 1; k < kHorizon; ++k) first.add_(layer(mirrored(k, size)), power *= kPole);
  layer(0).copy_(first);
  for (int64_t k = 1; k < size; ++k) layer(k).add_(layer(k - 1), kPole);
  layer(size - 1).add_(layer(size - 2), kPole).mul_(kPole / (kPole * kPole - 1));
  for (int64_t k = size - 2; k >= 0; --k) layer(k).neg_().add_(layer(k + 1)).mul_(kPole);
}

}  // namespace

std::array<double, 4> spline_weights(double t) {
  const double rest = 1 - t;
  return {rest * rest * rest / 6, 2.0 / 3 - t * t * (2 - t) / 2, 2.0 / 3 - rest * rest * (1 + t) / 2, t * t * t / 6};
}

std::array<double, 4> spline_slopes(double t) {
  const double rest = 1 - t;
  return {-rest * rest / 2, t * (1.5 * t - 2), rest * (2 - 1.5 * rest), t * t / 2};
}

Tensor spline_coefficients(const Tensor& values) {
  Tensor coefficients = values.clone();
  for (int64_t dimension = 0; dimension < 3; ++dimension) filter_along(coefficients, dimension);
  return coefficients;
}

float spline_value(const float* coefficients, const std::array<int64_t, 3>& size, const std::array<int64_t, 3>& low,
                   const std::array<double, 3>& fraction) {
  std::array<std::array<double, 4>, 3> weight;
  std::array<std::array<int64_t, 4>, 3> index;
  for (int axis = 0; axis < 3; ++axis) {
    weight[axis] = spline_weights(fraction[axis]);
    for (int k = 0; k < 4; ++k) index[axis][k] = mirrored(low[axis] + k - 1, size[axis]);
  }
  double sum = 0;
  for (int k = 0; k < 4; ++k)
    for (int j = 0; j < 4; ++j) {
      const float* row = coefficients + (index[2][k] * size[1] + index[1][j]) * size[0];
      double along_x = 0;
      for (int i = 0; i < 4; ++i) along_x += weight[0][i] * row[index[0][i]];
      sum += weight[2][k] * weight[1][j] * along_x;
    }
  return static_cast<float>(sum);
}

}  // namespace thor
