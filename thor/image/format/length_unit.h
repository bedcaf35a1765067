// SPDX-License-Identifier: Apache-2.0
// Private to this room: headers that measure in other units than millimetres.
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "thor/image/geometry.h"

namespace thor {

/// Millimetres of "mm", "um", "cm", "m", "nm", "inch" and their long names, in any case; 0 where it is none of them.
double mm_of_unit(const std::string& name);

/// What a scan is multiplied by whose text header names a unit. Other programs (ITK) ignore that unit and take
/// millimetres, so it is obeyed with a warning, and not obeyed, with a warning, where it alone makes the scan smaller
/// than a millimetre or larger than ten metres.
double obeyed_unit(double mm_per_unit, const Affine& in_units, const std::array<int64_t, 3>& size);

/// Warns where a scan, in millimetres, is smaller than one or larger than ten metres.
void warn_of_impossible_size(const Affine& ras_from_voxel, const std::array<int64_t, 3>& size, double mm_per_unit);

/// Its numbers times `mm_per_unit`.
Affine in_unit(const Affine& affine, double mm_per_unit);

}  // namespace thor
