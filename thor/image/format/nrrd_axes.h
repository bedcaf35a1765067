// SPDX-License-Identifier: Apache-2.0
// Private to this room: which axes of a NRRD array are space, and what the others are.
#pragma once
#include <array>
#include <cstdint>

#include "thor/image/format/text_header.h"
#include "thor/image/geometry.h"

namespace thor {

/// The array as colours, or frames that lie interleaved, of voxels of frames.
struct NrrdLayout {
  int64_t colours = 1, interleaved = 1, frames = 1;  ///< at most one of the first two is more than 1
  std::array<int64_t, 3> size{1, 1, 1};
  Affine in_space;  ///< voxels to the header's own space and its own unit
};
/// Throws Input where the header is damaged, Unsupported where frames lie between the axes of space.
NrrdLayout nrrd_layout(const TextHeader& header);

/// "left-posterior-superior" and so on, in lower case and without its time; "" where the header names none.
std::string nrrd_space(const TextHeader& header);

}  // namespace thor
