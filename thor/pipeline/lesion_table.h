// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "thor/base/tensor.h"
#include "thor/image/geometry.h"

namespace thor {

/// One connected component of a volume's mask; voxels meet at faces, edges or corners (26-neighbourhood).
struct Lesion {
  int64_t voxels = 0;
  double ml = 0;
  double peak = 0;                    ///< largest value of the map in it
  Point3 peak_mm{};                   ///< where that is, RAS of the scanner
  Point3 centre_mm{};                 ///< mean of its voxels' centres, RAS of the scanner
  std::optional<Point3> template_mm;  ///< the same in the template's space
  Point3 extent_mm{};                 ///< from edge to edge along R, A, S
};

/// How components become a table.
struct LesionRules {
  Affine ras_from_voxel;
  std::optional<Affine> template_from_native;  ///< RAS mm -> RAS mm
  double min_ml = 0;                           ///< smaller ones are erased from the mask
};
/// The components of a mask (bytes [D,H,W], 0 = outside) with what the map [D,H,W] says of them, highest peak first,
/// then the larger. Memory grows with the mask's runs, not with the volume. Components below `min_ml` are erased.
std::vector<Lesion> find_lesions(Tensor& mask, const Tensor& map, const LesionRules& rules);

}  // namespace thor
