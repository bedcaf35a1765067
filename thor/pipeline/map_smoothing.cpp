// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/map_smoothing.h"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "thor/image/gaussian.h"

namespace thor {
namespace {

constexpr double kWidthOfSigma = 2.354820045030949;  // 2 sqrt(2 ln 2)
constexpr double kTruncate = 4;                      // standard deviations

std::vector<double> weights_of(double width_mm, double spacing) {
  const double sigma = width_mm / kWidthOfSigma / spacing;  // voxels
  return gaussian_weights(sigma, static_cast<int64_t>(std::ceil(kTruncate * sigma)));
}

void smooth_along(Tensor plane, int64_t axis, const std::vector<double>& weights) {  // a view
  plane.copy_(smoothed_along(plane, axis, weights, Border::Repeated));
}

}  // namespace

void smooth(Tensor& map, const Point3& spacing, double width_mm) {
  if (!(width_mm > 0)) return;
  std::array<std::vector<double>, 3> weights;
  for (int axis = 0; axis < 3; ++axis) weights[axis] = weights_of(width_mm, spacing[axis]);
  for (int64_t z = 0; z < map.size(0); ++z) {
    smooth_along(map[z], 1, weights[0]);
    smooth_along(map[z], 0, weights[1]);
  }
  for (int64_t y = 0; y < map.size(1); ++y) smooth_along(map.select(1, y), 0, weights[2]);
}

}  // namespace thor
