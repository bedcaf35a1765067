// SPDX-License-Identifier: Apache-2.0
// Private to this room: consistency of the up to three geometries of a NIfTI header (sform, qform, pixdim).
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "thor/image/geometry.h"

namespace thor {

/// Warns if the sform, which is used, differs by more than rounding from the qform (if there is a usable one), else
/// from the spacing. The warning has the largest distance of a corner in millimetres, both orientations, and whether
/// left and right are exchanged.
void warn_where_sform_is_contradicted(const NiftiPlacement& placement, const Affine& sform_mm,
                                      const std::optional<Affine>& qform_mm, const std::array<int64_t, 3>& size);

/// Warns of a negative spacing or a quaternion longer than 1 if the qform or only the spacing is used.
void warn_of_odd_qform(const NiftiPlacement& placement);

}  // namespace thor
