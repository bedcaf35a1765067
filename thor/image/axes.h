// SPDX-License-Identifier: Apache-2.0
// Private to this room: from what headers say about axes to an affine that can be inverted.
#pragma once
#include <array>

#include "thor/image/geometry.h"

namespace thor {

/// Columns are the steps from voxel to voxel along x, y, z; the last one is where voxel (0,0,0) lies.
Affine affine_of(const std::array<Point3, 3>& steps, const Point3& origin);
/// A header without a third axis places a single slice; it gets one of unit length at right angles to the others. With
/// more slices nothing is made up: the affine stays as it is, without an inverse.
void complete_third_axis(Affine& affine, int64_t slices);
/// Throws Input, with the reason and a remedy, where a number is none or the axes do not span space.
void check_axes(const Affine& affine);
/// The same place in RAS of what was said in LPS.
Affine ras_from_lps(const Affine& lps);

}  // namespace thor
