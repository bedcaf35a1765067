// SPDX-License-Identifier: Apache-2.0
#include "thor/image/axes.h"

#include <cmath>

#include "thor/base/error.h"

namespace thor {

Affine affine_of(const std::array<Point3, 3>& steps, const Point3& origin) {
  Affine affine;
  for (int row = 0; row < 3; ++row) {
    for (int axis = 0; axis < 3; ++axis) affine.at(row, axis) = steps[axis][row];
    affine.at(row, 3) = origin[row];
  }
  return affine;
}

void complete_third_axis(Affine& a, int64_t slices) {
  if (slices > 1 || a.at(0, 2) != 0 || a.at(1, 2) != 0 || a.at(2, 2) != 0) return;
  const Point3 spacing = spacing_mm(a);
  for (int row = 0; row < 3; ++row) {
    const int i = (row + 1) % 3, j = (row + 2) % 3;
    a.at(row, 2) = (a.at(i, 0) * a.at(j, 1) - a.at(j, 0) * a.at(i, 1)) / (spacing[0] * spacing[1]);
  }
}

void check_axes(const Affine& affine) {
  for (const double entry : affine.rows)
    if (!std::isfinite(entry)) fail_input("its header places voxels at a number that is none; correct the header");
  try {
    inverse(affine);
  } catch (const Error& error) {
    fail_input("{}; correct its header, for example with 3D Slicer or nibabel", error.what());
  }
}

Affine ras_from_lps(const Affine& lps) {
  Affine ras = scaling({-1, -1, 1}) * lps;
  for (double& entry : ras.rows) entry += 0.0;  // no negative zeros
  return ras;
}

}  // namespace thor
