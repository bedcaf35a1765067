// SPDX-License-Identifier: Apache-2.0
// Private to this room: a NIfTI header says up to three times where voxels lie (sform, qform, pixdim).
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "thor/image/geometry.h"

namespace thor {

/// Warns where the sform, which is taken, and what else the header says are further apart than rounding makes them: a
/// qform in millimetres (if there is a usable one), else the spacing. Says the largest distance in millimetres between
/// the places of one corner, both orientations and whether left and right change sides.
void warn_where_sform_is_contradicted(const NiftiPlacement& placement, const Affine& sform_mm,
                                      const std::optional<Affine>& qform_mm, const std::array<int64_t, 3>& size);

/// Warns of a spacing below zero or a quaternion longer than 1, where the qform or the spacing alone is taken.
void warn_of_odd_qform(const NiftiPlacement& placement);

}  // namespace thor
