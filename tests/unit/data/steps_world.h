// SPDX-License-Identifier: Apache-2.0
// Heads that chains are tested on: a few ellipsoids with sides that differ, so that no flip goes unseen.
#pragma once
#include <ATen/ATen.h>

#include "thor/data/volume_steps.h"

namespace thor::test {

/// A head on a grid, with its brightest part to the right, in front and above. RAS mm.
inline Image head_on(const Grid& grid) {
  const auto axis = [&](int which) { return at::arange(grid.size[static_cast<size_t>(which)], at::kDouble); };
  const Tensor z = axis(2).view({-1, 1, 1}), y = axis(1).view({1, -1, 1}), x = axis(0).view({1, 1, -1});
  const auto mm = [&](int row) {
    const Affine& a = grid.ras_from_voxel;
    return a.at(row, 0) * x + a.at(row, 1) * y + a.at(row, 2) * z + a.at(row, 3);
  };
  const auto blob = [&](const Point3& centre, const Point3& radius) {
    return at::exp(-(((mm(0) - centre[0]) / radius[0]).square() + ((mm(1) - centre[1]) / radius[1]).square() +
                     ((mm(2) - centre[2]) / radius[2]).square()));
  };
  const Tensor head =
      60 * blob({0, 0, 0}, {24, 32, 26}) + 90 * blob({9, 12, 10}, {8, 10, 7}) + 40 * blob({-10, -14, 4}, {6, 9, 11});
  Image image;
  image.voxels = head.to(at::kFloat).contiguous();
  image.geometry.ras_from_voxel = grid.ras_from_voxel;
  image.medical = true;
  image.path = "head.nii.gz";
  return image;
}

/// Centred on the origin, with these voxel sizes.
inline Grid centred_grid(const std::array<int64_t, 3>& size, const Point3& spacing) {
  Point3 corner;
  for (size_t i = 0; i < 3; ++i) corner[i] = -spacing[i] * static_cast<double>(size[i] - 1) / 2;
  return {size, translation(corner) * scaling(spacing)};
}

inline Image head() { return head_on(centred_grid({36, 44, 40}, {2, 2, 2})); }

inline std::vector<YamlText> steps_of(const std::vector<std::string>& texts) {
  std::vector<YamlText> steps;
  for (const auto& text : texts) steps.push_back({text});
  return steps;
}

}  // namespace thor::test
