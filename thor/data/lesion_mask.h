// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/image/image.h"

namespace thor {

/// A lesion mask as its file stores it.
struct LesionMask {
  Tensor voxels;         ///< float32 [D,H,W], 0 or 1
  Geometry geometry;     ///< where the voxels lie; the identity for a picture
  bool medical = false;  ///< has a geometry worth keeping (NIfTI, DICOM, ...), not a picture
  std::string note;      ///< what is odd about it, for people; "" = nothing
};

/// Reads the mask of a lesion, by the rule of `marked_voxels` on the values of the file. Of pictures:
/// - where a palette paints classes (as Pascal VOC does), the classes are the values, not their colours;
/// - where the colour is the same everywhere and the opacity is not, the opacity is the mask;
/// - what is transparent is no lesion otherwise.
/// Throws Input or Unsupported as `read_scan` does, and Input where the values cannot be a mask.
LesionMask read_lesion_mask(const std::string& path);

}  // namespace thor
