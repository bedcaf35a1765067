// SPDX-License-Identifier: Apache-2.0
#include "thor/image/register/smooth.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/image/resample.h"

namespace thor {
namespace {

/// A Gaussian along one dimension; the border's values go on beyond it. `sigma` in voxels.
Tensor smoothed_along(const Tensor& voxels, int64_t dimension, double sigma) {
  const int64_t size = voxels.size(dimension), reach = static_cast<int64_t>(std::ceil(3 * sigma));
  const Tensor padded = voxels.index_select(dimension, at::arange(-reach, size + reach).clamp(0, size - 1));
  Tensor kernel = at::exp(-at::arange(-reach, reach + 1, at::kDouble).square() / (2 * sigma * sigma));
  kernel /= kernel.sum();
  Tensor result = at::zeros_like(voxels);
  for (int64_t k = 0; k <= 2 * reach; ++k) result.add_(padded.narrow(dimension, k, size), kernel[k].item<double>());
  return result;
}

}  // namespace

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
    result.voxels = smoothed_along(result.voxels, 2 - axis, mm / 2 / spacing[axis]);
  }
  const Grid coarse = with_spacing(grid, wanted);
  result.geometry.ras_from_voxel = coarse.ras_from_voxel;
  if (wanted != spacing) result.voxels = resample(result.voxels, grid.ras_from_voxel, coarse);
  return result;
}

}  // namespace thor
