// SPDX-License-Identifier: Apache-2.0
#include "thor/image/geometry.h"

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"

namespace thor {
namespace {

constexpr double kSmallestDeterminant = 1e-9;  // of the axes at unit length: about the sine between the closest two

Point3 axis_of(const Affine& a, int column) { return {a.at(0, column), a.at(1, column), a.at(2, column)}; }
double dot(const Point3& a, const Point3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Point3 cross(const Point3& a, const Point3& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

}  // namespace

Point3 Affine::operator()(const Point3& p) const {
  Point3 q;
  for (int row = 0; row < 3; ++row) q[row] = at(row, 0) * p[0] + at(row, 1) * p[1] + at(row, 2) * p[2] + at(row, 3);
  return q;
}

Affine operator*(const Affine& a, const Affine& b) {
  Affine product;
  for (int row = 0; row < 3; ++row)
    for (int column = 0; column < 4; ++column) {
      double sum = column == 3 ? a.at(row, 3) : 0;
      for (int k = 0; k < 3; ++k) sum += a.at(row, k) * b.at(k, column);
      product.at(row, column) = sum;
    }
  return product;
}

Affine inverse(const Affine& affine) {
  const Point3 x = axis_of(affine, 0), y = axis_of(affine, 1), z = axis_of(affine, 2);
  const double determinant = dot(x, cross(y, z));
  const double volume = std::sqrt(dot(x, x)) * std::sqrt(dot(y, y)) * std::sqrt(dot(z, z));
  if (!std::isfinite(volume) || !(std::abs(determinant) > kSmallestDeterminant * volume))
    fail_input("its axes do not span space: a spacing is zero, or two axes lie in one plane");
  const std::array<Point3, 3> rows{cross(y, z), cross(z, x), cross(x, y)};
  Affine result;
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) result.at(row, column) = rows[row][column] / determinant + 0.0;
    result.at(row, 3) = -dot(rows[row], axis_of(affine, 3)) / determinant + 0.0;
  }
  return result;
}

Affine translation(const Point3& by) {
  Affine result;
  for (int row = 0; row < 3; ++row) result.at(row, 3) = by[row];
  return result;
}

Affine scaling(const Point3& by) {
  Affine result;
  for (int row = 0; row < 3; ++row) result.at(row, row) = by[row];
  return result;
}

bool is_placed(const Geometry& geometry) { return !geometry.guessed && geometry.ras_from_voxel != Affine{}; }

Point3 spacing_mm(const Affine& ras_from_voxel) {
  Point3 spacing;
  for (int axis = 0; axis < 3; ++axis) {
    const Point3 step = axis_of(ras_from_voxel, axis);
    spacing[axis] = std::sqrt(dot(step, step));
  }
  return spacing;
}

std::string orientation_of(const Affine& ras_from_voxel) {
  constexpr const char* kGrows = "RAS";
  constexpr const char* kFalls = "LPI";
  const Point3 spacing = spacing_mm(ras_from_voxel);
  // Of the six ways to pair voxel and body axes the one with the largest cosines.
  std::array<int, 3> body{0, 1, 2}, best = body;
  double most = -1;
  do {
    double sum = 0;
    for (int axis = 0; axis < 3; ++axis) sum += std::abs(ras_from_voxel.at(body[axis], axis)) / spacing[axis];
    if (sum > most + 1e-12) most = sum, best = body;
  } while (std::next_permutation(body.begin(), body.end()));
  std::string code;
  for (int axis = 0; axis < 3; ++axis)
    code += ras_from_voxel.at(best[axis], axis) < 0 ? kFalls[best[axis]] : kGrows[best[axis]];
  return code;
}

double shear_of(const Affine& ras_from_voxel) {
  const Point3 spacing = spacing_mm(ras_from_voxel);
  double worst = 0;
  for (int axis = 0; axis < 3; ++axis) {
    const int next = (axis + 1) % 3;
    const double cosine = dot(axis_of(ras_from_voxel, axis), axis_of(ras_from_voxel, next));
    worst = std::max(worst, std::abs(cosine) / (spacing[axis] * spacing[next]));
  }
  return worst;
}

}  // namespace thor
