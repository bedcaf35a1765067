// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"
#include "thor/image/geometry.h"

namespace thor {

/// Gaussian smoothing of a map in place, separably along the voxel axes, in millimetres: float32 [D,H,W], `spacing` of
/// x, y, z, full width at half maximum `width_mm` >= 0. Beyond the border the outermost value holds. Needs memory for
/// one plane only.
void smooth(Tensor& map, const Point3& spacing, double width_mm);

}  // namespace thor
