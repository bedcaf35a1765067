// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "thor/image/geometry.h"

namespace thor {

/// Where a slice of a volume came from.
struct DicomSlice {
  std::string file;  ///< path, readable while the program runs
  std::string sop_class_uid, sop_instance_uid;
  int64_t frame = 0;  ///< from 1 in a multi-frame file, 0 in a single-frame one
  /// The centre of its first voxel, RAS mm, as its own header has it: slices that are unevenly apart are not quite
  /// where the volume's affine says. None: as the affine says.
  std::optional<Point3> corner_mm = std::nullopt;
};

/// The DICOM series that a volume was read from, so that results can refer to it.
struct DicomSource {
  std::string study_uid, series_uid, frame_of_reference_uid, modality, series_description;
  std::vector<DicomSlice> slices;  ///< one for each slice of the volume, in the order of its z axis
};

}  // namespace thor
