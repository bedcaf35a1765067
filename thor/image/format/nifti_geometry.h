// SPDX-License-Identifier: Apache-2.0
// Private to this room: the two ways in which NIfTI says where voxels lie.
#pragma once
#include "thor/image/geometry.h"

namespace thor {

/// The sform, sheared or not, where it can be inverted; else the qform; else spacing alone, which places the voxels
/// nowhere in particular. Warns where they contradict each other, and of what had to be guessed of a volume. Throws
/// Input where nothing of it can be used.
Geometry geometry_of(const NiftiPlacement& placement, const std::array<int64_t, 3>& size);

/// What a header says of voxels that were placed elsewhere: an sform, and a qform where the axes have right angles.
NiftiPlacement placement_of(const Affine& ras_from_voxel);

}  // namespace thor
