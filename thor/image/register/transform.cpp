// SPDX-License-Identifier: Apache-2.0
#include "thor/image/register/transform.h"

#include <algorithm>
#include <cmath>

namespace thor {
namespace {

/// The rotation about one axis, or its derivative by the angle (which has no 1 on that axis).
Affine turn(int axis, double angle, bool derivative) {
  const int i = (axis + 1) % 3, j = (axis + 2) % 3;
  const double c = derivative ? -std::sin(angle) : std::cos(angle), s = derivative ? std::cos(angle) : std::sin(angle);
  Affine result;
  result.at(axis, axis) = derivative ? 0 : 1;
  result.at(i, i) = c, result.at(i, j) = -s;
  result.at(j, i) = s, result.at(j, j) = c;
  return result;
}

/// x first, then y, then z; `derivative_by` an axis, or -1 for the rotation itself.
Affine rotation(const std::vector<double>& x, int derivative_by = -1) {
  Affine result;
  for (int axis = 0; axis < 3; ++axis) result = turn(axis, x[axis] / kReach_mm, axis == derivative_by) * result;
  return result;
}

}  // namespace

Affine Transform::map_of(const std::vector<double>& x) const {
  Affine linear = affine ? Affine{} : rotation(x);
  if (affine)
    for (int row = 0; row < 3; ++row)
      for (int column = 0; column < 3; ++column) linear.at(row, column) += x[row * 3 + column] / kReach_mm;
  const double* offset = x.data() + parameters() - 3;
  return translation({centre[0] + offset[0], centre[1] + offset[1], centre[2] + offset[2]}) * linear *
         translation({-centre[0], -centre[1], -centre[2]});
}

std::vector<double> Transform::gradient(const std::vector<double>& x, const std::array<double, 12>& by_rows) const {
  // The last column of the map holds -L centre besides the offset.
  const auto by_linear = [&](int row, int column) {
    return by_rows[row * 4 + column] - by_rows[row * 4 + 3] * centre[column];
  };
  std::vector<double> result(parameters(), 0);
  for (int row = 0; row < 3; ++row)
    for (int column = 0; column < 3; ++column) {
      if (affine) result[row * 3 + column] = by_linear(row, column) / kReach_mm;
      for (int axis = 0; axis < 3 && !affine; ++axis)
        result[axis] += by_linear(row, column) * rotation(x, axis).at(row, column) / kReach_mm;
    }
  for (int row = 0; row < 3; ++row) result[parameters() - 3 + row] = by_rows[row * 4 + 3];
  return result;
}

std::vector<double> Transform::affine_from_rigid(const std::vector<double>& x) {
  const Affine linear = rotation(x);
  std::vector<double> result(12);
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column)
      result[row * 3 + column] = (linear.at(row, column) - (row == column)) * kReach_mm;
    result[9 + row] = x[3 + row];
  }
  return result;
}

}  // namespace thor
