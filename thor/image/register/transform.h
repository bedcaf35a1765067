// SPDX-License-Identifier: Apache-2.0
// Private to this room: linear transforms with parameters for optimization.
#pragma once
#include <vector>

#include "thor/image/geometry.h"

namespace thor {

/// The transform T(p) = L (p - centre) + centre + offset. All parameters are in mm, so that equal steps move a head
/// about equally: angles and matrix entries are scaled by kReach_mm, a distance from the centre.
struct Transform {
  Point3 centre{};
  bool affine = false;  ///< else rigid

  /// Returns the number of parameters: 6 (rotations about x, y, z in this order, and the offset) or 12 (L - 1 row by
  /// row, and the offset).
  size_t parameters() const { return affine ? 12 : 6; }
  Affine map_of(const std::vector<double>& x) const;
  /// Converts a gradient by the rows of the affine map to one by the parameters.
  std::vector<double> gradient(const std::vector<double>& x, const std::array<double, 12>& by_rows) const;
  /// Returns the parameters of the affine transform that equals a rigid one.
  static std::vector<double> affine_from_rigid(const std::vector<double>& x);
};
inline constexpr double kReach_mm = 60;

}  // namespace thor
