// SPDX-License-Identifier: Apache-2.0
// Private to this room: invertible affines from the axes of headers.
#pragma once
#include <array>

#include "thor/image/geometry.h"

namespace thor {

/// Returns the affine with the given columns: the steps from voxel to voxel along x, y, z, and the position of voxel
/// (0,0,0).
Affine affine_of(const std::array<Point3, 3>& steps, const Point3& origin);
/// Completes the affine of a single slice whose header has no third axis by a perpendicular one of unit length. With
/// several slices it stays unchanged, without an inverse.
void complete_third_axis(Affine& affine, int64_t slices);
/// Throws Input, with the reason and a remedy, if a number is not finite or the axes do not span space.
void check_axes(const Affine& affine);
/// Converts an affine from LPS to RAS.
Affine ras_from_lps(const Affine& lps);

}  // namespace thor
