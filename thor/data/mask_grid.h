// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/data/lesion_mask.h"

namespace thor {

/// A lesion mask on the grid of an image.
struct PlacedMask {
  Tensor voxels;     ///< float32, as the image's voxels: [D,H,W], 0 or 1
  std::string note;  ///< readable remark about the mask or its resampling; "" = none
};

/// Brings a mask to an image's grid (or to that of a map of it) by where both lie in the patient. The same voxels in
/// another order are reordered exactly; those of another grid (another resolution, a part of the image) are taken from
/// the nearest voxel, with a note. Where one of the two has no place in the patient (a picture, a NIfTI header without
/// a form or with the identity) and both have one size, voxels are compared as they are stored, with a note if the
/// other one has a place. Only `path`, size and geometry of the image are used. Throws Input, naming both sizes and
/// places: another size and no place to go by, or no voxel in common.
PlacedMask place_mask(const LesionMask& mask, const std::string& mask_path, const Image& image);

/// Reads a mask and brings it to an image's grid. Throws as `read_lesion_mask` and `place_mask` do.
PlacedMask read_mask_of(const std::string& mask_path, const Image& image);

}  // namespace thor
