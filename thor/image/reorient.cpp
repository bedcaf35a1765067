// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"
#include "thor/image/resample.h"

namespace thor {
namespace {

/// The body axis (0 right-left, 1 anterior-posterior, 2 superior-inferior) of a letter, -1 where it is none.
int body_axis(char letter) {
  const size_t place = std::string("RLAPSI").find(letter);
  return place == std::string::npos ? -1 : static_cast<int>(place / 2);
}

void check_orientation(const std::string& code) {
  std::array<int, 3> seen{0, 0, 0};
  for (const char letter : code)
    if (body_axis(letter) >= 0) ++seen[body_axis(letter)];
  if (code.size() != 3 || seen != std::array<int, 3>{1, 1, 1})
    fail_usage("'{}' is no orientation; name where x, y and z grow with one of R or L, A or P, S or I each, e.g. RAS",
               code);
}

}  // namespace

AxisOrder order_to(const Affine& ras_from_voxel, const std::string& orientation) {
  check_orientation(orientation);
  const std::string now = orientation_of(ras_from_voxel);
  AxisOrder order;
  for (int axis = 0; axis < 3; ++axis)
    for (int old = 0; old < 3; ++old)
      if (body_axis(now[old]) == body_axis(orientation[axis])) {
        order.from[axis] = old;
        order.flipped[axis] = now[old] != orientation[axis];
      }
  return order;
}

AxisOrder inverse(const AxisOrder& order) {
  AxisOrder back;
  for (int axis = 0; axis < 3; ++axis) {
    back.from[order.from[axis]] = axis;
    back.flipped[order.from[axis]] = order.flipped[axis];
  }
  return back;
}

Image reorient(const Image& image, const AxisOrder& order) {
  if (order.from == AxisOrder{}.from && order.flipped == AxisOrder{}.flipped) return image;
  const Grid grid = grid_of(image);
  Affine old_from_new = scaling({0, 0, 0});
  std::vector<int64_t> dimensions(3), flips;  // voxels are [z,y,x]
  for (int axis = 0; axis < 3; ++axis) {
    const int old = order.from[axis];
    old_from_new.at(old, axis) = order.flipped[axis] ? -1 : 1;
    if (order.flipped[axis]) {
      old_from_new.at(old, 3) = static_cast<double>(grid.size[old] - 1);
      flips.push_back(2 - axis);
    }
    dimensions[2 - axis] = 2 - old;
  }
  Image turned = image;
  turned.voxels = image.voxels.permute(dimensions).flip(flips).contiguous();
  turned.geometry = {grid.ras_from_voxel * old_from_new, std::nullopt, image.geometry.guessed};
  for (double& entry : turned.geometry.ras_from_voxel.rows) entry += 0.0;  // no negative zeros
  turned.dicom = nullptr;
  return turned;
}

Grid with_spacing(const Grid& grid, const Point3& wanted_mm) {
  constexpr double kSameEdge = 1e-6;  // voxels; rounding must not add a layer
  const Point3 spacing = spacing_mm(grid.ras_from_voxel);
  Point3 step, first;
  Grid result;
  double voxels = 1;
  for (int axis = 0; axis < 3; ++axis) {
    if (!(wanted_mm[axis] > 0) || !std::isfinite(wanted_mm[axis]))
      fail_usage("a spacing of {} mm; it must be greater than 0", wanted_mm[axis]);
    const auto size = static_cast<double>(grid.size[axis]);
    step[axis] = wanted_mm[axis] / spacing[axis];
    const double count = std::max(1.0, std::ceil(size / step[axis] - kSameEdge));
    voxels *= count;
    if (!(voxels <= static_cast<double>(kMaxVoxels)))
      fail_input("a spacing of {} x {} x {} mm makes more than {} voxels of this scan; choose a larger one",
                 wanted_mm[0], wanted_mm[1], wanted_mm[2], kMaxVoxels);
    result.size[axis] = static_cast<int64_t>(count);
    first[axis] = ((size - 1) - (count - 1) * step[axis]) / 2;
  }
  result.ras_from_voxel = grid.ras_from_voxel * translation(first) * scaling(step);
  return result;
}

}  // namespace thor
