// SPDX-License-Identifier: Apache-2.0
// Private to this room: what the decoders share.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "thor/image/image.h"

namespace thor {

/// Decoders, one per format; each throws Error without naming the file (read_image adds the name).
Image read_png(const std::string& path);
Image read_jpeg(const std::string& path);
Image read_tiff(const std::string& path);
Image read_nifti(const std::string& path);

/// Throws Input unless 1 <= width x height <= kMaxPixels and the whole has at most kMaxVoxels; to be called before
/// anything is allocated.
void check_size(int64_t width, int64_t height, int64_t depth = 1);

/// Says once that colours are dropped.
void note_colour();

/// Largest file that is read into memory to be decoded.
inline constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;

/// Rec. 601 luminance of interleaved samples, colours in the first three of `channels` >= 3, gray in the first
/// otherwise; alpha is ignored. -> float32 [1,height,width]
template <class T>
Tensor luminance(const T* samples, int64_t height, int64_t width, int64_t channels);

}  // namespace thor
