// SPDX-License-Identifier: Apache-2.0
// Private to this room: the two ways in which NIfTI says where voxels lie.
#pragma once
#include <array>

#include "thor/image/image.h"

namespace thor {

/// The fields of a NIfTI header that place it, in the header's own convention: RAS, its own unit of length.
struct NiftiPlacement {
  int64_t qform_code = 0, sform_code = 0;
  std::array<double, 8> pixdim{};      ///< [0] = handedness, [1..3] = spacing
  std::array<double, 3> quaternion{};  ///< b, c, d
  std::array<double, 3> q_offset{};
  std::array<double, 12> s_rows{};  ///< 3 x 4, row-major
  double mm_per_unit = 1;
};

/// Our convention (LPS, mm): the sform where it has right angles, else the qform, else spacing alone. Throws Input.
Geometry geometry_of(const NiftiPlacement& placement);

}  // namespace thor
