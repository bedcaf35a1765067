// SPDX-License-Identifier: Apache-2.0
// Private to this room: common declarations of the TIFF reader.
#pragma once
#include <cstdint>
#include <string>

#include "thor/image/image.h"

struct tiff;  // handle of libtiff

namespace thor {

/// The tags of a page, with the defaults of TIFF 6.0.
struct TiffLayout {
  uint32_t width = 0, height = 0;
  uint32_t tile_width = 0, tile_height = 0;  ///< size of tiles, or of strips, which are as wide as the page
  uint16_t bits = 1, channels = 1, format = 1, colours = 1, planes = 1, compression = 1, orientation = 1;
  int64_t alpha_channel = -1;  ///< -1 = none
  bool alpha_is_applied = false;
  bool tiled = false;
  bool is_of_another_page = false;  ///< a thumbnail or a transparency mask
};

/// Throws with the last message of libtiff.
[[noreturn]] void fail_tiff_damaged();

/// Returns true if samples are read at full depth: gray, RGB or RGBA in strips or tiles, interleaved or planar.
bool has_tiff_samples(const TiffLayout& layout);
/// Reads one page of such samples without reorientation: voxels [1,H,W], opacity, full scale. Throws Input if the page
/// is damaged.
Image read_tiff_samples(tiff* file, const TiffLayout& layout);
/// Returns true for a palette of at most 256 colours.
bool has_tiff_palette(const TiffLayout& layout);
Image read_tiff_palette(tiff* file, const TiffLayout& layout);

/// The page order according to the description of a TIFF.
struct TiffStack {
  int64_t images = 0;  ///< 0 = unknown
  int64_t slices = 1, channels = 1, frames = 1;
  std::string order = "CZT";  ///< order of channels, slices and frames, the fastest first
  const char* program = "";
  /// Returns the number of channels times time points, the range of `--frame`.
  int64_t choices() const { return channels * frames; }
  /// Returns the page of a slice for one of these frames.
  int64_t page(int64_t slice, int64_t choice) const;
};
/// Parses the description of the first page by ImageJ ("images=20\nslices=20") or OME-TIFF (XML).
TiffStack read_tiff_stack(const std::string& description, int64_t channels_of_a_page);

}  // namespace thor
