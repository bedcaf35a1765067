// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/image/image.h"

namespace thor {

/// A lesion mask on the grid of its file.
struct LesionMask {
  Tensor voxels;         ///< float32 [D,H,W], 0 or 1
  Geometry geometry;     ///< geometry of the voxels; the identity for a picture
  bool medical = false;  ///< the format has a geometry (NIfTI, DICOM, ...); false for a picture
  std::string note;      ///< readable remark about an irregularity; "" = none
};

/// Reads the mask of a lesion, by the rule of `marked_voxels` on the values of the file. Of pictures:
/// - where a palette paints classes (as Pascal VOC does), the classes are the values, not their colours;
/// - where the colour is the same everywhere and the opacity is not, the opacity is the mask;
/// - what is transparent is no lesion otherwise.
/// Throws Input or Unsupported as `read_scan` does, and Input where the values cannot be a mask.
LesionMask read_lesion_mask(const std::string& path);

}  // namespace thor
