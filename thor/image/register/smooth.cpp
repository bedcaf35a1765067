// SPDX-License-Identifier: Apache-2.0
#include "thor/image/register/smooth.h"

#include <ATen/ATen.h>

#include <cmath>

#include "thor/image/gaussian.h"
#include "thor/image/resample.h"

namespace thor {
Image coarser(const Image& image, double mm) {
  constexpr double kWorthIt = 1.01;
  const Grid grid = grid_of(image);
  const Point3 spacing = spacing_mm(grid.ras_from_voxel);
  Point3 wanted = spacing;
  Image result;
  result.voxels = image.voxels;
  for (int axis = 0; axis < 3; ++axis) {
    if (spacing[axis] * kWorthIt >= mm) continue;
    wanted[axis] = mm;
    const double sigma = mm / 2 / spacing[axis];  // voxels
    const std::vector<double> weights = gaussian_weights(sigma, static_cast<int64_t>(std::ceil(3 * sigma)));
    result.voxels = smoothed_along(result.voxels, 2 - axis, weights, Border::Repeated);
  }
  const Grid coarse = with_spacing(grid, wanted);
  result.geometry.ras_from_voxel = coarse.ras_from_voxel;
  if (wanted != spacing) result.voxels = resample(result.voxels, grid.ras_from_voxel, coarse);
  return result;
}

}  // namespace thor
