// SPDX-License-Identifier: Apache-2.0
// Private to this room. The NIfTI library behind ITK prints, fills what is missing with zeros and turns NaN into 0
// without a word, so headers and voxels are read here (https://nifti.nimh.nih.gov, NIfTI-1.1 and NIfTI-2).
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
  double said_offset = 0;   ///< of the first sample, bytes, as the header has it; it may be none, or wrong
  int64_t own_bytes = 348;  ///< of the header; four more say whether extensions follow
  int64_t extension = 0;    ///< bytes of the first extension, where there seems to be one
  int64_t version = 1;
  Geometry geometry;
};

inline constexpr size_t kNiftiStart = 552;  ///< the longest header, and the length of its first extension
/// From the first bytes of a file, kNiftiStart or what there is. Warns of what contradicts itself and can be read all
/// the same. Nothing where they are no NIfTI header. Throws Input (damaged) or Unsupported.
std::optional<NiftiHeader> parse_nifti_header(const std::string& bytes);

}  // namespace thor
