// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/base/json_text.h"
#include "thor/data/templates.h"
#include "thor/image/image.h"

namespace thor {

/// A volume after its preprocessing steps, with the inverse mapping.
struct PreparedVolume {
  Image volume;              ///< on the grid of the last step; axial slices along z
  Affine native_from_steps;  ///< RAS mm after the steps -> RAS mm of the native scan; identity unless registered
  Grid native;               ///< the scan's own grid
  Geometry native_geometry;  ///< geometry of its file
  Tensor mask;               ///< brain, float32 [D,H,W] on the volume's grid, 0 or 1; undefined where no step knows it
  Tensor field;  ///< bias field that was divided out, float32 [D,H,W] on the volume's grid; undefined = none
  std::optional<Affine> template_from_native;  ///< RAS mm -> RAS mm of the template, if registered
  JsonText record;                             ///< list with the parameters, measurements and seconds of each step
};

/// Takes a native scan through the named steps, in order. Each item of `steps` is a mapping with `step: NAME` and that
/// step's parameters (see preprocess_step.h); without steps the scan is reoriented to RAS. Throws Usage for an unknown
/// step or parameter and a missing template, and Input like the steps.
PreparedVolume run_steps(const std::vector<YamlText>& steps, const Templates& templates, const Image& scan);

/// Resamples values from the preprocessed grid to the native one by a single interpolation: float32 [D,H,W], 0 beyond
/// the preprocessed grid. If the steps only permuted and cropped, every voxel is preserved to the bit. A preprocessed
/// grid thinner than a native slice still reaches the native slice that contains it, because its outermost values
/// extend by half a native voxel.
Tensor to_native_scan(const PreparedVolume& prepared, const Tensor& voxels, bool mask);

/// Returns the volume restricted to `count` slices from `first`, for results that were computed on these only.
PreparedVolume slices_only(const PreparedVolume& prepared, int64_t first, int64_t count);

/// Returns the height of the centre of a slice after the steps, mm RAS.
double height_of(const PreparedVolume& prepared, int64_t slice);
/// Returns the index of the slice nearest to a height after the steps, mm RAS; nothing outside the volume.
std::optional<int64_t> slice_at(const PreparedVolume& prepared, double z_mm);
/// Returns the slices [first, end) with heights in a range [from, to]. If from = to it is the nearest slice, for an
/// empty range all slices. Throws Input if the volume has none there.
struct SliceRange {
  int64_t first = 0, end = 0;
};
SliceRange slices_in(const PreparedVolume& prepared, const std::vector<double>& range_mm);

}  // namespace thor
