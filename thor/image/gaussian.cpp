// SPDX-License-Identifier: Apache-2.0
#include "thor/image/gaussian.h"

#include <ATen/ATen.h>

#include <cmath>

namespace thor {

std::vector<double> gaussian_weights(double sigma, int64_t radius) {
  std::vector<double> weights;
  double sum = 0;
  for (int64_t i = -radius; i <= radius; ++i) {
    weights.push_back(std::exp(-0.5 * static_cast<double>(i * i) / (sigma * sigma)));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

Tensor smoothed_along(const Tensor& values, int64_t axis, const std::vector<double>& weights, Border border) {
  const int64_t radius = static_cast<int64_t>(weights.size()) / 2, size = values.size(axis);
  const Tensor padded = with_border(values, axis, radius, border);
  Tensor sum = at::zeros_like(values);
  for (int64_t k = 0; k <= 2 * radius; ++k) sum.add_(padded.narrow(axis, k, size), weights[static_cast<size_t>(k)]);
  return sum;
}

}  // namespace thor
