// SPDX-License-Identifier: Apache-2.0
#include "thor/image/format/nifti_geometry.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/axes.h"
#include "thor/image/format/length_unit.h"
#include "thor/image/format/nifti_contradiction.h"

namespace thor {
namespace {

constexpr double kRightAngle = 1e-4;  // largest cosine between two axes that a quaternion can stand for

bool usable(const Affine& affine) {
  for (int row = 0; row < 3; ++row)
    if (!std::isfinite(affine.at(row, 3))) return false;
  try {
    inverse(affine);
    return true;
  } catch (const Error&) {
    return false;
  }
}

Affine from_sform(const NiftiPlacement& p, int64_t slices) {
  Affine affine{p.s_rows};
  complete_third_axis(affine, slices);
  return affine;
}

/// Spacings as pixdim has them; 0 is read as 1, as other programs do.
Point3 spacing_of(const NiftiPlacement& p) {
  Point3 spacing;
  for (int axis = 0; axis < 3; ++axis) spacing[axis] = p.pixdim[axis + 1] == 0 ? 1 : std::abs(p.pixdim[axis + 1]);
  return spacing;
}

/// Rotation of the quaternion b, c, d times spacing (https://nifti.nimh.nih.gov, "method 2").
Affine from_qform(const NiftiPlacement& p) {
  double b = p.quaternion[0], c = p.quaternion[1], d = p.quaternion[2];
  double a = 1 - (b * b + c * c + d * d);
  if (a < 1e-7) {  // a half turn; rounding may have made it longer than 1
    const double length = std::sqrt(b * b + c * c + d * d);
    b /= length, c /= length, d /= length, a = 0;
  } else {
    a = std::sqrt(a);
  }
  Point3 steps = spacing_of(p);
  if (p.pixdim[0] < 0) steps[2] = -steps[2];
  Affine affine{{a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c), 0,  //
                 2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b), 0,  //
                 2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c, 0}};
  affine = affine * scaling(steps);
  for (int row = 0; row < 3; ++row) affine.at(row, 3) = p.q_offset[row];
  return affine;
}

std::optional<Affine> qform_mm(const NiftiPlacement& p) {
  if (p.qform_code <= 0) return {};
  const Affine qform = from_qform(p);
  if (!usable(qform)) return {};
  return in_unit(qform, p.mm_per_unit);
}

/// b, c, d of the unit quaternion of a rotation.
std::array<double, 3> quaternion_of(const Affine& r) {
  const double xx = r.at(0, 0), yy = r.at(1, 1), zz = r.at(2, 2);
  const double a = std::sqrt(std::max(0.0, 1 + xx + yy + zz)) / 2;
  if (a > 0.25)
    return {(r.at(2, 1) - r.at(1, 2)) / (4 * a), (r.at(0, 2) - r.at(2, 0)) / (4 * a),
            (r.at(1, 0) - r.at(0, 1)) / (4 * a)};
  // Near a half turn the largest of the other three is the safe one to divide by.
  std::array<double, 3> q{std::sqrt(std::max(0.0, 1 + xx - yy - zz)) / 2,
                          std::sqrt(std::max(0.0, 1 + yy - xx - zz)) / 2,
                          std::sqrt(std::max(0.0, 1 + zz - xx - yy)) / 2};
  const int most = static_cast<int>(std::max_element(q.begin(), q.end()) - q.begin());
  for (int other = 0; other < 3; ++other)
    if (other != most) q[other] = (r.at(other, most) + r.at(most, other)) / (4 * q[most]);
  const int i = (most + 1) % 3, j = (most + 2) % 3;
  if (r.at(j, i) - r.at(i, j) < 0)
    for (double& part : q) part = -part;
  return q;
}

Affine ras_mm_from_voxel(const NiftiPlacement& p, const std::array<int64_t, 3>& size) {
  const std::optional<Affine> by_qform = qform_mm(p);
  if (p.sform_code > 0) {
    const Affine sform = from_sform(p, size[2]);
    if (usable(sform)) {
      const Affine by_sform = in_unit(sform, p.mm_per_unit);
      warn_where_sform_is_contradicted(p, by_sform, by_qform, size);
      return by_sform;
    }
    warn("the sform of its NIfTI header is damaged and passed over");
  }
  warn_of_odd_qform(p);
  if (by_qform) return *by_qform;
  if (p.sform_code > 0 || p.qform_code > 0)
    fail_input(
        "the axes in its NIfTI header are damaged (a spacing of zero, or two axes in one plane); set its sform, for "
        "example with fslorient or nibabel");
  const Affine spacing = scaling(spacing_of(p));
  if (!usable(spacing)) fail_input("the spacing in its NIfTI header is damaged");
  if (size[2] > 1)
    warn(
        "its NIfTI header does not say how the patient lies (qform and sform code 0); x, y, z are taken as right, "
        "anterior, superior: left and right may be swapped");
  return in_unit(spacing, p.mm_per_unit);
}

}  // namespace

Geometry geometry_of(const NiftiPlacement& p, const std::array<int64_t, 3>& size) {
  const Affine affine = ras_mm_from_voxel(p, size);
  warn_of_impossible_size(affine, size, p.mm_per_unit);
  return {affine, p, /*guessed=*/p.sform_code <= 0 && p.qform_code <= 0};
}

NiftiPlacement placement_of(const Affine& affine) {
  NiftiPlacement p;
  p.sform_code = 1;
  p.s_rows = affine.rows;
  const Point3 spacing = spacing_mm(affine);
  p.pixdim[0] = 1;
  for (int axis = 0; axis < 3; ++axis) p.pixdim[axis + 1] = spacing[axis];
  if (shear_of(affine) > kRightAngle) return p;
  Affine rotation = affine * scaling({1 / spacing[0], 1 / spacing[1], 1 / spacing[2]});
  const auto& r = rotation;
  const double determinant = r.at(0, 0) * (r.at(1, 1) * r.at(2, 2) - r.at(1, 2) * r.at(2, 1)) -
                             r.at(0, 1) * (r.at(1, 0) * r.at(2, 2) - r.at(1, 2) * r.at(2, 0)) +
                             r.at(0, 2) * (r.at(1, 0) * r.at(2, 1) - r.at(1, 1) * r.at(2, 0));
  if (determinant < 0) {
    p.pixdim[0] = -1;
    rotation = rotation * scaling({1, 1, -1});
  }
  p.qform_code = 1;
  p.quaternion = quaternion_of(rotation);
  for (int row = 0; row < 3; ++row) p.q_offset[row] = affine.at(row, 3);
  return p;
}

}  // namespace thor
