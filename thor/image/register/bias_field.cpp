// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <itkN4BiasFieldCorrectionImageFilter.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "thor/image/register/foreground.h"
#include "thor/image/register/itk.h"
#include "thor/image/register/registration.h"
#include "thor/image/register/spline.h"
#include "thor/image/resample.h"

namespace thor {
namespace {

using Volume = itk::Image<float, 3>;
using Mask = itk::Image<unsigned char, 3>;
using N4 = itk::N4BiasFieldCorrectionImageFilter<Volume, Mask, Volume>;

/// The logarithm of the field: a cubic B-spline over the grid it was estimated on.
struct LogField {
  Tensor lattice;                 ///< float32 [z,y,x] of control points
  std::array<int64_t, 3> size{};  ///< of the lattice, along x, y, z
  Grid grid;
};

/// Every n-th voxel, but not fewer along a coarse axis than along the finest: 5 mm slices are not 20 mm apart.
Grid shrunken(const Grid& grid, int64_t shrink) {
  const Point3 spacing = spacing_mm(grid.ras_from_voxel);
  const double goal = static_cast<double>(shrink) * *std::min_element(spacing.begin(), spacing.end());
  Point3 coarse;
  for (int axis = 0; axis < 3; ++axis) coarse[axis] = spacing[axis] * std::max(1.0, std::round(goal / spacing[axis]));
  return with_spacing(grid, coarse);
}

template <class ItkImage>
typename ItkImage::Pointer to_itk(const Tensor& voxels, const Point3& spacing) {
  auto image = ItkImage::New();
  image->SetRegions(typename ItkImage::SizeType{{static_cast<itk::SizeValueType>(voxels.size(2)),
                                                 static_cast<itk::SizeValueType>(voxels.size(1)),
                                                 static_cast<itk::SizeValueType>(voxels.size(0))}});
  image->SetSpacing(spacing.data());
  image->Allocate();
  std::memcpy(image->GetBufferPointer(), voxels.contiguous().data_ptr(), voxels.nbytes());
  return image;
}

LogField estimated(const Tensor& values, const Tensor& foreground, const Grid& grid, const BiasFieldOptions& options) {
  return behind_the_wall("its bias field could not be estimated (N4)", [&] {
    const Point3 spacing = spacing_mm(grid.ras_from_voxel);
    auto n4 = N4::New();
    n4->SetInput(to_itk<Volume>(values, spacing));
    n4->SetMaskImage(to_itk<Mask>(foreground, spacing));
    n4->SetNumberOfFittingLevels(static_cast<unsigned>(options.levels));
    N4::VariableSizeArrayType iterations(static_cast<unsigned>(options.levels));
    iterations.Fill(static_cast<unsigned>(options.iterations));
    n4->SetMaximumNumberOfIterations(iterations);
    n4->SetConvergenceThreshold(0.001f);
    n4->Update();
    const auto* lattice = n4->GetLogBiasFieldControlPointLattice();
    const auto size = lattice->GetLargestPossibleRegion().GetSize();
    LogField field{{}, {}, grid};
    for (unsigned axis = 0; axis < 3; ++axis) field.size[axis] = static_cast<int64_t>(size[axis]);
    field.lattice = at::empty({field.size[2], field.size[1], field.size[0]}, at::kFloat);
    std::memcpy(field.lattice.data_ptr(), lattice->GetBufferPointer(), field.lattice.nbytes());
    return field;
  });
}

/// The field at every voxel of a grid.
Tensor evaluated(const LogField& log_field, const Grid& grid) {
  const Affine estimated_from_voxel = inverse(log_field.grid.ras_from_voxel) * grid.ras_from_voxel;
  const auto [width, height, depth] = grid.size;
  Tensor field = at::empty({depth, height, width}, at::kFloat);
  const float* lattice = log_field.lattice.data_ptr<float>();
  float* out = field.data_ptr<float>();
  at::parallel_for(0, depth * height, 1, [&, w = width, h = height](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      for (int64_t x = 0; x < w; ++x) {
        const Point3 voxel =
            estimated_from_voxel({static_cast<double>(x), static_cast<double>(row % h), static_cast<double>(row / h)});
        std::array<int64_t, 3> low;
        std::array<double, 3> fraction;
        for (int axis = 0; axis < 3; ++axis) {
          const int64_t spans = log_field.size[axis] - 3;
          const auto last = static_cast<double>(log_field.grid.size[axis] - 1);
          const double place = std::clamp(voxel[axis] / last, 0.0, 1.0) * static_cast<double>(spans);
          const int64_t span = std::min(static_cast<int64_t>(place), spans - 1);
          low[axis] = span + 1;
          fraction[axis] = place - static_cast<double>(span);
        }
        out[row * w + x] = std::exp(spline_value(lattice, log_field.size, low, fraction));
      }
  });
  return field;
}

}  // namespace

Tensor bias_field(const Image& scan, const Tensor& mask, const BiasFieldOptions& options) {
  if (options.shrink < 1 || options.iterations < 1 || options.levels < 1 || options.levels > 8)
    fail_usage("N4 with shrink {}, iterations {}, levels {}; they must be at least 1, levels at most 8", options.shrink,
               options.iterations, options.levels);
  if (mask.defined() && mask.sizes() != scan.voxels.sizes())
    fail_input("a mask of {} does not lie on a scan of {}", shape_text(mask.sizes()), shape_text(scan.voxels.sizes()));
  const Grid native = grid_of(scan), grid = shrunken(native, options.shrink);
  for (const int64_t size : grid.size)
    if (size < 2) fail_input("N4 needs a volume; this scan has one layer of voxels. Leave the step out");
  const Tensor values = resample(scan.voxels, native.ras_from_voxel, grid);
  Tensor foreground;
  if (mask.defined())
    foreground = resample(mask, native.ras_from_voxel, grid, {{}, Interpolation::Nearest}) > 0.5;
  else
    foreground = values > otsu_threshold(values);
  foreground = foreground.logical_and(values > 0);  // N4 takes logarithms
  if (foreground.sum().item<int64_t>() < 2) fail_input("N4 finds no foreground (values above 0) in this scan");
  return evaluated(estimated(values, foreground.to(at::kByte), grid, options), native);
}

}  // namespace thor
