// SPDX-License-Identifier: Apache-2.0
// Private to this room: what the parts of the TIFF reader share.
#pragma once
#include <cstdint>
#include <string>

#include "thor/image/image.h"

struct tiff;  // libtiff's handle

namespace thor {

/// What a page says of itself, with the defaults of TIFF 6.0 where it says nothing.
struct TiffLayout {
  uint32_t width = 0, height = 0;
  uint32_t tile_width = 0, tile_height = 0;  ///< of tiles, or of strips, which are as wide as the page
  uint16_t bits = 1, channels = 1, format = 1, colours = 1, planes = 1, compression = 1, orientation = 1;
  int64_t alpha_channel = -1;  ///< -1 = none
  bool alpha_is_applied = false;
  bool tiled = false;
  bool is_of_another_page = false;  ///< a thumbnail or a transparency mask
};

/// Refuses with what libtiff said last.
[[noreturn]] void fail_tiff_damaged();

/// True where samples are read with every bit of their depth: gray, RGB, RGBA in strips or tiles, together or in
/// planes.
bool has_tiff_samples(const TiffLayout& layout);
/// One page of such samples as it lies in the file: voxels [1,H,W], opacity, full scale. Throws Input where the page is
/// damaged.
Image read_tiff_samples(tiff* file, const TiffLayout& layout);
/// True for a palette of at most 256 colours.
bool has_tiff_palette(const TiffLayout& layout);
Image read_tiff_palette(tiff* file, const TiffLayout& layout);

/// How the description of a TIFF numbers its pages.
struct TiffStack {
  int64_t images = 0;  ///< 0 = it does not say
  int64_t slices = 1, channels = 1, frames = 1;
  std::string order = "CZT";  ///< of channels, slices and frames, the fastest first
  const char* program = "";
  /// Channels times time points: what `--frame` chooses from.
  int64_t choices() const { return channels * frames; }
  /// The page of a slice, for one of the choices.
  int64_t page(int64_t slice, int64_t choice) const;
};
/// Reads what ImageJ ("images=20\nslices=20") and OME-TIFF (XML) write into the description of the first page.
TiffStack read_tiff_stack(const std::string& description, int64_t channels_of_a_page);

}  // namespace thor
