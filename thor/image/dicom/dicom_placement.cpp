// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "thor/base/error.h"
#include "thor/image/dicom/dicom_result.h"

namespace thor {
namespace {

constexpr size_t kLongestDecimal = 16;

Point3 step_along(const Affine& affine, int axis) {
  return {affine.at(0, axis), affine.at(1, axis), affine.at(2, axis)};
}

double norm_of(const Point3& v) { return std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]); }

double distance_along_normal(const Affine& affine) {
  const Point3 x = step_along(affine, 0), y = step_along(affine, 1), z = step_along(affine, 2);
  const Point3 normal{x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]};
  return std::abs(normal[0] * z[0] + normal[1] * z[1] + normal[2] * z[2]) / norm_of(normal);
}

}  // namespace

std::string decimal_string(double value) {
  for (int digits = 12; digits > 0; --digits) {
    const std::string text = fmt::format("{:.{}g}", value == 0 ? 0.0 : value, digits);
    if (text.size() <= kLongestDecimal) return text;
  }
  fail(ErrorKind::Internal, "the number {} has no DICOM decimal string", value);
}

DicomPlacement::DicomPlacement(const Affine& ras_from_voxel, std::shared_ptr<const DicomSource> source)
    : lps_from_voxel_(scaling({-1, -1, 1}) * ras_from_voxel), source_(std::move(source)) {
  for (int axis = 0; axis < 2; ++axis) {
    const Point3 along = step_along(lps_from_voxel_, axis);
    for (int i = 0; i < 3; ++i) orientation[axis * 3 + i] = decimal_string(along[i] / norm_of(along));
  }
  row_spacing = decimal_string(norm_of(step_along(lps_from_voxel_, 1)));
  column_spacing = decimal_string(norm_of(step_along(lps_from_voxel_, 0)));
  slice_spacing = decimal_string(distance_along_normal(lps_from_voxel_));
}

std::array<std::string, 3> DicomPlacement::position(int64_t slice) const {
  Point3 corner = lps_from_voxel_({0, 0, static_cast<double>(slice)});
  if (const auto own = source_ ? source_->slices[static_cast<size_t>(slice)].corner_mm : std::nullopt)
    corner = {-(*own)[0], -(*own)[1], (*own)[2]};
  return {decimal_string(corner[0]), decimal_string(corner[1]), decimal_string(corner[2])};
}

}  // namespace thor
