// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "thor/image/geometry.h"

namespace thor {

/// The source of one slice of a volume.
struct DicomSlice {
  std::string file;  ///< path, readable while the program runs
  std::string sop_class_uid, sop_instance_uid;
  int64_t frame = 0;  ///< frame number from 1 in a multi-frame file, 0 in a single-frame one
  /// The centre of the first voxel according to the header of the slice, RAS mm. Unevenly spaced slices deviate from
  /// the affine of the volume. If it is absent, the affine applies.
  std::optional<Point3> corner_mm = std::nullopt;
};

/// The DICOM series of a volume, for references in results.
struct DicomSource {
  std::string study_uid, series_uid, frame_of_reference_uid, modality, series_description;
  std::vector<DicomSlice> slices;  ///< sources of the slices, in the order of the z axis
};

}  // namespace thor
