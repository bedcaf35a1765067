// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/data/templates.h"
#include "thor/image/image.h"

namespace thor {

/// A scan at the end of its chain, and the way back.
struct PreparedVolume {
  Image volume;              ///< on the grid of the last step; axial slices along z
  Affine native_from_steps;  ///< RAS mm of the chain's space -> RAS mm of the native scan; identity unless registered
  Grid native;               ///< the scan's own grid
  Geometry native_geometry;  ///< as its file said it
  Tensor field;              ///< float32 [D,H,W] on the volume's grid: what bias fields divided by; undefined = nothing
  std::optional<Affine> template_from_native;  ///< RAS mm -> RAS mm of the template, where it was registered
  nlohmann::json record;                       ///< a list: each step, its parameters, what it measured, seconds
};

/// Takes a native scan through the named steps, in order. Each item of `steps` is a mapping with `step: NAME` and that
/// step's parameters (see chain_step.h); none means only to reorient to RAS. Throws Usage: an unknown step or
/// parameter, a template that is not there; Input as the steps do.
PreparedVolume run_steps(const std::vector<YamlText>& steps, const Templates& templates, const Image& scan);

/// Values on the chain's grid brought to the native one by one interpolation: float32 [D,H,W]; 0 beyond the chain's
/// grid. Where the chain only permuted and cropped, every voxel is the same to the bit. A chain grid thinner than a
/// native slice still reaches the native slice it lies in: its outermost values go on for half a native voxel.
Tensor to_native_scan(const PreparedVolume& prepared, const Tensor& voxels, bool mask);

/// The same volume cut to `count` slices from `first`, for results that were computed on these only.
PreparedVolume slices_only(const PreparedVolume& prepared, int64_t first, int64_t count);

/// Height of a slice's centre in the chain's space, mm RAS.
double height_of(const PreparedVolume& prepared, int64_t slice);
/// Index of the slice nearest to a height in the chain's space, mm RAS; nothing where that is outside the volume.
std::optional<int64_t> slice_at(const PreparedVolume& prepared, double z_mm);
/// Slices [first, end) whose heights lie in a range [from, to]; from = to is the nearest slice, an empty range all.
/// Throws Input where the volume has none there.
struct SliceRange {
  int64_t first = 0, end = 0;
};
SliceRange slices_in(const PreparedVolume& prepared, const std::vector<double>& range_mm);

}  // namespace thor
