// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <string>

#include "thor/image/image.h"

namespace thor {

enum class Interpolation { Nearest, Linear, Spline };

/// How a scan is looked up from another grid.
struct Lookup {
  Affine source_from_target;  ///< RAS mm of the grid to be filled -> RAS mm of the scan, e.g. a registration
  Interpolation interpolation = Interpolation::Linear;
  double outside = 0;  ///< beyond the outermost voxels' edges; within half a voxel of them the border's value holds
};
/// A scan seen on another grid: float32 [D,H,W] of `target`. Where a voxel centre meets a voxel centre (to 1e-6 voxels)
/// the value is the same to the bit. Spline is cubic and may overshoot. Independent of the number of threads. Throws
/// Input: axes without an inverse, a target of more than kMaxVoxels.
Tensor resample(const Tensor& voxels, const Affine& ras_from_voxel, const Grid& target, const Lookup& lookup = {});

/// Which voxel axis each new one was, and whether it runs the other way.
struct AxisOrder {
  std::array<int, 3> from{0, 1, 2};
  std::array<bool, 3> flipped{false, false, false};
};
/// The order that brings voxels nearest to an orientation such as "RAS". Throws Usage where the code is none.
AxisOrder order_to(const Affine& ras_from_voxel, const std::string& orientation);
AxisOrder inverse(const AxisOrder& order);
/// Voxels permuted and flipped, never interpolated; the affine follows, so every voxel stays where it is in the
/// patient. What the file said about the old order (its NIfTI forms, its DICOM slices) is left behind.
Image reorient(const Image& image, const AxisOrder& order);

/// The smallest grid with these axes and this centre that holds all of another one: for resampling a scan at another
/// spacing. Throws Usage: a spacing that is not above 0; Input: more than kMaxVoxels.
Grid with_spacing(const Grid& grid, const Point3& spacing_mm);

}  // namespace thor
