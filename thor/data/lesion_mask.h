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

/// Reads the mask of a lesion. Throws Input or Unsupported as `read_scan` does.
LesionMask read_lesion_mask(const std::string& path);

}  // namespace thor
