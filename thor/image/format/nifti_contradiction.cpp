// SPDX-License-Identifier: Apache-2.0
#include "thor/image/format/nifti_contradiction.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "thor/base/log.h"

namespace thor {
namespace {

// Quaternions are float32: near half a turn their fourth part is known to 3e-4 only.
constexpr double kRoundingOfQuaternions = 5e-4;
constexpr double kPartOfVoxel = 0.1, kPartOfSpacing = 0.01;
constexpr double kLongestQuaternion = 1.001;  // squared

double farthest_corner_apart(const Affine& a, const Affine& b, const std::array<int64_t, 3>& size) {
  double most = 0;
  for (int corner = 0; corner < 8; ++corner) {
    Point3 voxel;
    for (int axis = 0; axis < 3; ++axis) voxel[axis] = corner >> axis & 1 ? static_cast<double>(size[axis] - 1) : 0;
    const Point3 p = a(voxel), q = b(voxel);
    most = std::max(most, std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
  }
  return most;
}

/// How far rounding may put them apart: a tenth of a voxel, or what the quaternion's digits make of the scan's size.
double allowed_apart(const Affine& a, const std::array<int64_t, 3>& size) {
  const Point3 spacing = spacing_mm(a);
  double longest = 0;
  for (int axis = 0; axis < 3; ++axis) longest = std::max(longest, spacing[axis] * static_cast<double>(size[axis]));
  return std::max(kPartOfVoxel * *std::min_element(spacing.begin(), spacing.end()), kRoundingOfQuaternions * longest);
}

bool swaps_left_and_right(const std::string& a, const std::string& b) {
  for (size_t axis = 0; axis < 3; ++axis)
    if ((a[axis] == 'L' && b[axis] == 'R') || (a[axis] == 'R' && b[axis] == 'L')) return true;
  return false;
}

void compare_with_pixdim(const NiftiPlacement& p, const Affine& sform, const std::array<int64_t, 3>& size) {
  const Point3 spacing = spacing_mm(sform);
  bool differs = false;
  for (int axis = 0; axis < 3; ++axis) {
    const double said = std::abs(p.pixdim[axis + 1]) * p.mm_per_unit;
    if (size[axis] > 1 && std::isfinite(said) && said != 0)
      differs = differs || std::abs(said - spacing[axis]) > kPartOfSpacing * spacing[axis];
  }
  if (!differs) return;
  const double unit = p.mm_per_unit;
  warn(
      "its NIfTI header gives voxels of {:.4g} x {:.4g} x {:.4g} mm by its sform, which is taken, and of {:.4g} x "
      "{:.4g} x {:.4g} mm by pixdim, which other programs may take",
      spacing[0], spacing[1], spacing[2], p.pixdim[1] * unit, p.pixdim[2] * unit, p.pixdim[3] * unit);
}

}  // namespace

void warn_where_sform_is_contradicted(const NiftiPlacement& p, const Affine& sform, const std::optional<Affine>& qform,
                                      const std::array<int64_t, 3>& size) {
  if (!qform) return compare_with_pixdim(p, sform, size);
  const double apart = farthest_corner_apart(sform, *qform, size);
  if (apart <= allowed_apart(sform, size)) return;
  const std::string by_sform = orientation_of(sform), by_qform = orientation_of(*qform);
  warn(
      "its NIfTI header places the scan twice, up to {:.4g} mm apart: by its sform (code {}, {}), which is taken, and "
      "by its qform (code {}, {}), which other programs may take{}",
      apart, p.sform_code, by_sform, p.qform_code, by_qform,
      swaps_left_and_right(by_sform, by_qform) ? "; left and right are swapped between the two: find out which is true"
                                               : "");
}

void warn_of_odd_qform(const NiftiPlacement& p) {
  if (p.pixdim[1] < 0 || p.pixdim[2] < 0 || p.pixdim[3] < 0)
    warn("its NIfTI header has a spacing below zero ({:g} x {:g} x {:g}); it is read without the sign", p.pixdim[1],
         p.pixdim[2], p.pixdim[3]);
  double length = 0;
  for (const double part : p.quaternion) length += part * part;
  if (p.qform_code > 0 && length > kLongestQuaternion)
    warn(
        "the qform of its NIfTI header is no rotation (its quaternion is {:.3g} long, not 1); it is taken as half a "
        "turn, and the directions may be wrong",
        std::sqrt(length));
}

}  // namespace thor
