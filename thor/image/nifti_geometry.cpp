// SPDX-License-Identifier: Apache-2.0
#include "thor/image/nifti_geometry.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "thor/base/error.h"

namespace thor {
namespace {

constexpr double kRightAngle = 1e-3;  // largest cosine between two axes that counts as a right angle

using Axis = std::array<double, 3>;

double dot(const Axis& a, const Axis& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Axis cross(const Axis& a, const Axis& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

/// Axes = voxel steps in RAS and the header's unit; nothing where they are degenerate or oblique to each other.
std::optional<Geometry> from_axes(std::array<Axis, 3> axes, const Axis& origin, double mm) {
  Geometry geometry;
  // A single slice needs no third axis in the file.
  if (dot(axes[2], axes[2]) == 0) {
    axes[2] = cross(axes[0], axes[1]);
    const double length = std::sqrt(dot(axes[2], axes[2]));
    for (double& part : axes[2]) part /= length;
  }
  for (int i = 0; i < 3; ++i) {
    const double length = std::sqrt(dot(axes[i], axes[i]));
    if (!std::isnormal(length) || !std::isfinite(origin[i])) return std::nullopt;
    geometry.spacing_mm[i] = length * mm;
    for (double& part : axes[i]) part /= length;
  }
  for (int i = 0; i < 3; ++i) {
    if (!(std::abs(dot(axes[i], axes[(i + 1) % 3])) < kRightAngle)) return std::nullopt;
    const double sign = i < 2 ? -1 : 1;  // RAS to LPS
    geometry.origin_mm[i] = sign * origin[i] * mm;
    for (int axis = 0; axis < 3; ++axis) geometry.direction[i * 3 + axis] = sign * axes[axis][i] + 0.0;
  }
  return geometry;
}

std::optional<Geometry> from_sform(const NiftiPlacement& p) {
  const auto& s = p.s_rows;
  return from_axes({Axis{s[0], s[4], s[8]}, Axis{s[1], s[5], s[9]}, Axis{s[2], s[6], s[10]}}, {s[3], s[7], s[11]},
                   p.mm_per_unit);
}

std::optional<Geometry> from_qform(const NiftiPlacement& p) {
  double b = p.quaternion[0], c = p.quaternion[1], d = p.quaternion[2];
  double a = 1 - (b * b + c * c + d * d);
  if (a < 1e-7) {  // a half turn; rounding may have made it longer than 1
    const double length = std::sqrt(b * b + c * c + d * d);
    b /= length, c /= length, d /= length, a = 0;
  } else {
    a = std::sqrt(a);
  }
  const double x = p.pixdim[1], y = p.pixdim[2], depth = p.pixdim[3] == 0 ? 1 : p.pixdim[3];
  const double z = p.pixdim[0] < 0 ? -depth : depth;
  return from_axes({Axis{(a * a + b * b - c * c - d * d) * x, 2 * (b * c + a * d) * x, 2 * (b * d - a * c) * x},
                    Axis{2 * (b * c - a * d) * y, (a * a + c * c - b * b - d * d) * y, 2 * (c * d + a * b) * y},
                    Axis{2 * (b * d + a * c) * z, 2 * (c * d - a * b) * z, (a * a + d * d - b * b - c * c) * z}},
                   p.q_offset, p.mm_per_unit);
}

std::optional<Geometry> from_spacing(const NiftiPlacement& p) {
  return from_axes({Axis{p.pixdim[1], 0, 0}, Axis{0, p.pixdim[2], 0}, Axis{0, 0, p.pixdim[3]}}, {0, 0, 0},
                   p.mm_per_unit);
}

}  // namespace

Geometry geometry_of(const NiftiPlacement& placement) {
  std::optional<Geometry> geometry;
  if (placement.sform_code > 0) geometry = from_sform(placement);
  if (!geometry && placement.qform_code > 0) geometry = from_qform(placement);
  if (!geometry && placement.sform_code <= 0 && placement.qform_code <= 0) geometry = from_spacing(placement);
  if (!geometry) fail_input("the axes in its NIfTI header are damaged or not at right angles to each other");
  return *geometry;
}

}  // namespace thor
