// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <string>
#include <vector>

#include "thor/image/image.h"

namespace thor {

enum class Interpolation { Linear, Spline, Nearest };
inline std::vector<std::string> names_of(Interpolation) { return {"linear", "spline", "nearest"}; }

/// Parameters of resampling a scan onto another grid.
struct Lookup {
  Affine source_from_target;  ///< RAS mm of the target grid -> RAS mm of the scan, e.g. a registration
  Interpolation interpolation = Interpolation::Linear;
  double outside = 0;  ///< value outside the scan; up to the edges of the border voxels their values extend
};
/// Resamples a scan onto the grid `target`, float32 [D,H,W]. If voxel centres coincide (to 1e-6 voxels) the value is
/// preserved to the bit. The spline is cubic and may overshoot. The result is independent of the number of threads.
/// Throws Input for a singular affine and for a target of more than kMaxVoxels.
Tensor resample(const Tensor& voxels, const Affine& ras_from_voxel, const Grid& target, const Lookup& lookup = {});

/// A permutation of the voxel axes with flips.
struct AxisOrder {
  std::array<int, 3> from{0, 1, 2};
  std::array<bool, 3> flipped{false, false, false};
};
/// Returns the axis order that brings voxels closest to an orientation such as "RAS". Throws Usage for an invalid code.
AxisOrder order_to(const Affine& ras_from_voxel, const std::string& orientation);
AxisOrder inverse(const AxisOrder& order);
/// Permutes and flips voxels without interpolation and updates the affine, so that every voxel keeps its position in
/// the patient. The NIfTI forms and DICOM slices of the old order are discarded.
Image reorient(const Image& image, const AxisOrder& order);

/// Returns the smallest grid with the same axes and centre and another spacing that covers the grid, for resampling.
/// Throws Usage for a spacing that is not positive, and Input for more than kMaxVoxels.
Grid with_spacing(const Grid& grid, const Point3& spacing_mm);

}  // namespace thor
