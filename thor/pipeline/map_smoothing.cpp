// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/map_smoothing.h"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

namespace thor {
namespace {

constexpr double kWidthOfSigma = 2.354820045030949;  // 2 sqrt(2 ln 2)
constexpr double kTruncate = 4;                      // standard deviations

/// Weights from -radius to radius, together 1.
std::vector<double> gaussian(double sigma) {
  const auto radius = static_cast<int64_t>(std::ceil(kTruncate * sigma));
  std::vector<double> weights;
  double sum = 0;
  for (int64_t i = -radius; i <= radius; ++i) {
    const double place = static_cast<double>(i) / sigma;
    weights.push_back(std::exp(-place * place / 2));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

void smooth_along_first(Tensor lines, const std::vector<double>& weights) {  // [L,M], a view
  const int64_t length = lines.size(0), radius = static_cast<int64_t>(weights.size()) / 2;
  const Tensor places = at::arange(-radius, length + radius, at::kLong).clamp(0, length - 1);
  const Tensor padded = lines.index_select(0, places);  // [L + 2 radius, M]
  Tensor sum = padded.narrow(0, 0, length) * weights[0];
  for (size_t k = 1; k < weights.size(); ++k) sum.add_(padded.narrow(0, static_cast<int64_t>(k), length), weights[k]);
  lines.copy_(sum);
}

}  // namespace

void smooth(Tensor& map, const Point3& spacing, double width_mm) {
  if (!(width_mm > 0)) return;
  std::array<std::vector<double>, 3> weights;
  for (int axis = 0; axis < 3; ++axis) weights[axis] = gaussian(width_mm / kWidthOfSigma / spacing[axis]);
  for (int64_t z = 0; z < map.size(0); ++z) {
    smooth_along_first(map[z].t(), weights[0]);
    smooth_along_first(map[z], weights[1]);
  }
  for (int64_t y = 0; y < map.size(1); ++y) smooth_along_first(map.select(1, y), weights[2]);
}

}  // namespace thor
