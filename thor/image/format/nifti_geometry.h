// SPDX-License-Identifier: Apache-2.0
// Private to this room: the two geometries of NIfTI, sform and qform.
#pragma once
#include "thor/image/geometry.h"

namespace thor {

/// Returns the geometry of a header: the sform if it is invertible (with or without shear), else the qform, else the
/// spacing alone, which has no position in the patient. Warns of contradictions and of guessed parts of a volume.
/// Throws Input if no geometry is usable.
Geometry geometry_of(const NiftiPlacement& placement, const std::array<int64_t, 3>& size);

/// Returns the header fields for a new affine: an sform, and a qform if the axes are perpendicular.
NiftiPlacement placement_of(const Affine& ras_from_voxel);

}  // namespace thor
