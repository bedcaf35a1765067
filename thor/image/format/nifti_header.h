// SPDX-License-Identifier: Apache-2.0
// Private to this room: NIfTI-1.1 and NIfTI-2 headers (https://nifti.nimh.nih.gov). They are parsed here because the
// NIfTI library of ITK prints, pads missing data with zeros and silently replaces NaN by 0.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "thor/image/format/voxel_type.h"
#include "thor/image/image.h"

namespace thor {

struct NiftiHeader {
  std::array<int64_t, 3> size{1, 1, 1};  ///< along x, y, z; each at least 1
  int64_t frames = 1;                    ///< product of all dimensions beyond z
  VoxelLayout samples;
  double said_offset = 0;   ///< declared offset of the first sample, bytes; may be absent or wrong
  int64_t own_bytes = 348;  ///< length of the header; four more bytes announce extensions
  int64_t extension = 0;    ///< bytes of the first extension, if there seems to be one
  int64_t version = 1;
  Geometry geometry;
};

inline constexpr size_t kNiftiStart = 552;  ///< bytes of the longest header with the length of its first extension
/// Parses the first bytes of a file, kNiftiStart or fewer; returns nothing if they are no NIfTI header. Warns of
/// tolerable contradictions. Throws Input (damaged) or Unsupported.
std::optional<NiftiHeader> parse_nifti_header(const std::string& bytes);

}  // namespace thor
