// SPDX-License-Identifier: Apache-2.0
#include "thor/data/mask_grid.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "thor/base/error.h"
#include "thor/image/resample.h"

namespace thor {
namespace {

// Of a voxel. Headers round: the two forms of a NIfTI file often differ in the fourth digit.
constexpr double kSamePlace = 0.05, kNearPlace = 0.25;

Grid grid_of_mask(const LesionMask& mask) {
  return {{mask.voxels.size(2), mask.voxels.size(1), mask.voxels.size(0)}, mask.geometry.ras_from_voxel};
}

bool has_place(bool medical, const Geometry& geometry) { return medical && is_placed(geometry); }

/// "[64, 128]", of a volume "[20, 64, 128]".
std::string stored_size(const Tensor& voxels) {
  return shape_text(voxels.size(0) == 1 ? voxels.sizes().slice(1) : voxels.sizes());
}

std::string size_text(const Grid& grid) {
  return grid.size[2] == 1 ? fmt::format("{} x {}", grid.size[0], grid.size[1])
                           : fmt::format("{}", fmt::join(grid.size, " x "));
}

/// "64 x 64 x 20 voxels of 2 x 2 x 3 mm, LPS, around (1.0, -20.5, 12.0) mm".
std::string place_text(const Grid& grid) {
  const Affine& affine = grid.ras_from_voxel;
  const Point3 spacing = spacing_mm(affine),
               centre = affine({static_cast<double>(grid.size[0] - 1) / 2, static_cast<double>(grid.size[1] - 1) / 2,
                                static_cast<double>(grid.size[2] - 1) / 2});
  return fmt::format("{} voxels of {:.4g} x {:.4g} x {:.4g} mm, {}, around ({:.1f}, {:.1f}, {:.1f}) mm",
                     size_text(grid), spacing[0], spacing[1], spacing[2], orientation_of(affine), centre[0], centre[1],
                     centre[2]);
}

/// How far a mask's voxels, brought into the image's order, lie from the image's at most, in voxels of the mask;
/// nothing where the sizes differ.
std::optional<double> distance_in_order(const Grid& mask, const Grid& image, const AxisOrder& order) {
  for (int axis = 0; axis < 3; ++axis)
    if (image.size[axis] != mask.size[order.from[axis]]) return {};
  const Affine mask_from_image = inverse(mask.ras_from_voxel) * image.ras_from_voxel;
  double farthest = 0;
  for (int corner = 0; corner < 8; ++corner) {
    Point3 voxel;
    for (int axis = 0; axis < 3; ++axis)
      voxel[axis] = (corner >> axis) & 1 ? static_cast<double>(image.size[axis] - 1) : 0;
    const Point3 found = mask_from_image(voxel);
    for (int axis = 0; axis < 3; ++axis) {
      const double last = static_cast<double>(image.size[axis] - 1);
      const double expected = order.flipped[axis] ? last - voxel[axis] : voxel[axis];
      farthest = std::max(farthest, std::abs(found[order.from[axis]] - expected));
    }
  }
  return farthest;
}

std::string both(const std::string& first, const std::string& second) {
  return first.empty() ? second : second.empty() ? first : first + "; " + second;
}

/// Every voxel of the image takes what the nearest one of the mask says.
PlacedMask resampled(const LesionMask& mask, const std::string& path, const Image& image) {
  const Grid from = grid_of_mask(mask), to = grid_of(image);
  Lookup nearest;
  nearest.interpolation = Interpolation::Nearest;
  // 2 is lesion, 1 is not, 0 lies outside the mask's grid.
  const Tensor seen = resample(mask.voxels + 1, from.ras_from_voxel, to, nearest);
  const double covered = seen.gt(0.5).sum().item<double>() / static_cast<double>(seen.numel());
  if (covered == 0)
    fail_input("its mask '{}' lies elsewhere: the mask has {}, the image '{}' {}; they have no voxel in common", path,
               place_text(from), image.path, place_text(to));
  PlacedMask placed{seen.gt(1.5).to(at::kFloat), ""};
  placed.note = fmt::format("its mask has another grid ({}, the image {}); each voxel takes the nearest one's value",
                            place_text(from), place_text(to));
  if (covered < 0.9995)
    placed.note += fmt::format("; it covers {:.1f} % of the image, the rest counts as healthy", 100 * covered);
  if (mask.voxels.any().item<bool>() && !placed.voxels.any().item<bool>())
    placed.note += "; none of its lesion reaches a voxel of the image";
  return placed;
}

}  // namespace

PlacedMask place_mask(const LesionMask& mask, const std::string& path, const Image& image) {
  const Grid from = grid_of_mask(mask), to = grid_of(image);
  const bool same_size = from.size == to.size;
  const bool mask_has = has_place(mask.medical, mask.geometry), image_has = has_place(image.medical, image.geometry);
  if (mask_has && image_has) {
    const AxisOrder order = order_to(from.ras_from_voxel, orientation_of(to.ras_from_voxel));
    const auto distance = distance_in_order(from, to, order);
    if (distance && *distance <= kNearPlace) {
      Image whole;
      whole.voxels = mask.voxels;
      whole.geometry.ras_from_voxel = from.ras_from_voxel;
      const std::string note =
          *distance <= kSamePlace
              ? ""
              : fmt::format("its mask lies up to {:.2f} voxels beside its image; taken as the same grid", *distance);
      return {reorient(whole, order).voxels, both(mask.note, note)};
    }
  }
  if (same_size && !(mask_has && image_has)) {
    const char* who = mask_has == image_has ? ""
                      : mask_has            ? "its mask says where it lies in the patient, the image does not"
                                            : "its image says where it lies in the patient, the mask does not";
    return {mask.voxels, both(mask.note, *who ? fmt::format("{}; compared as stored", who) : "")};
  }
  if (!mask.medical || !image.medical)
    fail_input("its mask '{}' is {}, its image {}; both must have one size, or say where they lie in the patient", path,
               stored_size(mask.voxels), stored_size(image.voxels));
  PlacedMask placed = resampled(mask, path, image);
  placed.note = both(mask.note, placed.note);
  return placed;
}

PlacedMask read_mask_of(const std::string& mask_path, const Image& image) {
  return place_mask(read_lesion_mask(mask_path), mask_path, image);
}

}  // namespace thor
