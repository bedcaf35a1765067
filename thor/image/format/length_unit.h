// SPDX-License-Identifier: Apache-2.0
// Private to this room: length units of headers.
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "thor/image/geometry.h"

namespace thor {

/// Returns the millimetres of a unit ("mm", "um", "cm", "m", "nm", "inch" or a long name), ignoring case; 0 for others.
double mm_of_unit(const std::string& name);

/// Returns the factor to millimetres for a scan with a unit in its text header. Other programs (ITK) ignore the unit
/// and assume millimetres, so it is applied with a warning, and it is ignored with a warning if only the unit makes the
/// scan smaller than a millimetre or larger than ten metres.
double obeyed_unit(double mm_per_unit, const Affine& in_units, const std::array<int64_t, 3>& size);

/// Warns if a scan is smaller than one millimetre or larger than ten metres.
void warn_of_impossible_size(const Affine& ras_from_voxel, const std::array<int64_t, 3>& size, double mm_per_unit);

/// Multiplies the affine by `mm_per_unit`.
Affine in_unit(const Affine& affine, double mm_per_unit);

}  // namespace thor
