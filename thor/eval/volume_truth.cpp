// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/volume_truth.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "thor/base/error.h"
#include "thor/data/volume_steps.h"

namespace thor {
namespace {

/// 1 in the slices that the network saw, on the preprocessed grid. Sidecars are hostile: sizes are checked first.
Tensor seen_slices(const std::vector<SidecarSlice>& slices, const std::array<int64_t, 3>& size) {
  for (const int64_t side : size)
    if (side < 1 || side > kMaxVoxels) fail_input("a grid of {} voxels is none", fmt::join(size, " x "));
  if (size[0] > kMaxVoxels / size[1] || size[0] * size[1] > kMaxVoxels / size[2])
    fail_input("a grid of {} voxels is too large", fmt::join(size, " x "));
  if (static_cast<int64_t>(slices.size()) != size[2])
    fail_input("it lists {} slices, its grid has {}", slices.size(), size[2]);
  Tensor seen = at::ones({size[2], size[1], size[0]});
  for (int64_t z = 0; z < size[2]; ++z)
    if (slices[static_cast<size_t>(z)].found.blank) seen[z].zero_();
  return seen;
}

/// A grid of thin slices goes on for half a voxel of the scan (see `to_native_scan`): that must not take all memory.
void check_reach(const PreparedVolume& prepared, const std::array<int64_t, 3>& size) {
  const Affine slice_from_scan =
      inverse(prepared.native_from_steps * prepared.volume.geometry.ras_from_voxel) * prepared.native.ras_from_voxel;
  double reach = 0;
  for (int axis = 0; axis < 3; ++axis) reach = std::max(reach, std::abs(slice_from_scan.at(2, axis)));
  const double voxels = static_cast<double>(size[0]) * static_cast<double>(size[1]);
  if (!(voxels * (static_cast<double>(size[2]) + reach) <= static_cast<double>(kMaxVoxels)))
    fail_input("its slices are too thin for the scan's voxels");
}

struct VoxelBox {
  std::array<int64_t, 3> first{0, 0, 0}, count{0, 0, 0};  // along z, y, x
};

/// The smallest box that holds all that is true; empty where nothing is.
VoxelBox box_around(const Tensor& inside) {
  VoxelBox box;
  for (int64_t axis = 0; axis < 3; ++axis) {
    Tensor along = inside;
    for (int64_t other = 2; other >= 0; --other)
      if (other != axis) along = along.any(other);
    const Tensor places = along.nonzero();
    if (places.numel() == 0) return {};
    box.first[axis] = places[0][0].item<int64_t>();
    box.count[axis] = places[-1][0].item<int64_t>() - box.first[axis] + 1;
  }
  return box;
}

Tensor cut_to(const VoxelBox& box, Tensor voxels) {
  for (int64_t axis = 0; axis < 3; ++axis) voxels = voxels.narrow(axis, box.first[axis], box.count[axis]);
  return voxels.clone(at::MemoryFormat::Contiguous);
}

}  // namespace

Tensor examined_voxels(const MapEntry& entry, const Grid& scan) {
  const Sidecar& about = entry.about;
  return with_context(fmt::format("reading what '{}' says was examined", entry.sidecar), [&]() -> Tensor {
    if (!about.volume_problem.empty()) fail_input("{}", about.volume_problem);
    if (!about.volume || !about.volume->examined || about.slices.empty()) return {};
    const Grid& examined = *about.volume->examined;
    PreparedVolume prepared;
    prepared.volume.geometry.ras_from_voxel = examined.ras_from_voxel;
    prepared.native_from_steps = about.volume->native_from_steps;
    prepared.native = scan;
    prepared.volume.voxels = seen_slices(about.slices, examined.size);
    check_reach(prepared, examined.size);
    return to_native_scan(prepared, prepared.volume.voxels, true).gt(0.5);
  });
}

double voxel_ml(const Affine& a) {
  const double determinant = a.at(0, 0) * (a.at(1, 1) * a.at(2, 2) - a.at(1, 2) * a.at(2, 1)) -
                             a.at(0, 1) * (a.at(1, 0) * a.at(2, 2) - a.at(1, 2) * a.at(2, 0)) +
                             a.at(0, 2) * (a.at(1, 0) * a.at(2, 1) - a.at(1, 1) * a.at(2, 0));
  return std::abs(determinant) / 1000;
}

void compare_volume(const Image& map, const Tensor& truth, const MapEntry& entry, ScoredCase& one) {
  const double ml = voxel_ml(map.geometry.ras_from_voxel);
  one.lesion_ml = ml * truth.sum(at::kDouble).item<double>();
  const Tensor examined = examined_voxels(entry, grid_of(map));
  if (!examined.defined()) {
    one.map = map.voxels;
    one.truth = truth;
    one.note += one.note.empty() ? "" : "; ";
    one.note += "its sidecar does not say which slices were examined: all voxels are compared";
    return;
  }
  const VoxelBox box = box_around(examined);
  if (box.count[0] == 0) fail_input("the network saw none of its slices: there is nothing to compare");
  one.map = cut_to(box, map.voxels);
  one.truth = cut_to(box, truth);
  one.examined = cut_to(box, examined);
  one.unseen_ml =
      std::max(0.0, one.lesion_ml - ml * one.truth.masked_select(one.examined).sum(at::kDouble).item<double>());
  if (one.unseen_ml < 0.5 * ml) one.unseen_ml = 0;  // rounding
}

}  // namespace thor
