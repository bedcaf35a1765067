// SPDX-License-Identifier: Apache-2.0
// Private to this room: linear maps as parameters that an optimizer moves.
#pragma once
#include <vector>

#include "thor/image/geometry.h"

namespace thor {

/// T(p) = L (p - centre) + centre + offset. All parameters are in mm, so that equal steps move a head about equally:
/// angles and entries of the matrix count at kReach_mm from the centre.
struct Transform {
  Point3 centre{};
  bool affine = false;  ///< else rigid

  /// 6: rotations about x, y, z (in this order) and the offset; or 12: L - 1 row by row and the offset.
  size_t parameters() const { return affine ? 12 : 6; }
  Affine map_of(const std::vector<double>& x) const;
  /// By the parameters of what has the gradient `by_rows` by the rows of the map.
  std::vector<double> gradient(const std::vector<double>& x, const std::array<double, 12>& by_rows) const;
  /// The parameters of an affine transform that are the same map as those of a rigid one.
  static std::vector<double> affine_from_rigid(const std::vector<double>& x);
};
inline constexpr double kReach_mm = 60;

}  // namespace thor
