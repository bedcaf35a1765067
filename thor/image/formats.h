// SPDX-License-Identifier: Apache-2.0
// Private to this room: what the decoders share.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thor/image/image.h"

namespace thor {

/// Decoders, one per format; each throws Error without naming the file (read_scan adds the name). They set voxels,
/// geometry and what else they know.
Image read_png(const std::string& path, const ScanChoice& choice);
Image read_jpeg(const std::string& path, const ScanChoice& choice);
Image read_tiff(const std::string& path, const ScanChoice& choice);
Image read_nifti(const std::string& path, const ScanChoice& choice);
Image read_nrrd(const std::string& path, const ScanChoice& choice);
Image read_metaimage(const std::string& path, const ScanChoice& choice);
Image read_mgh(const std::string& path, const ScanChoice& choice);
Image read_dicom_file(const std::string& path, const ScanChoice& choice);
/// A folder or zip archive with one DICOM series, or the one that is chosen.
Image read_dicom_folder(const std::string& path, const ScanChoice& choice);

/// The frame that is read of a file with so many of them. Throws Unsupported where there are several and none is
/// chosen, Usage where it has no such frame.
int64_t chosen_frame(const ScanChoice& choice, int64_t frames);

/// Throws Input unless 1 <= width x height <= kMaxPixels and the whole has at most kMaxVoxels; to be called before
/// anything is allocated.
void check_size(int64_t width, int64_t height, int64_t depth = 1);

/// Uninitialized float32 [1,height,width].
Tensor empty_slice(int64_t height, int64_t width);

/// Says once that colours are dropped.
void note_colour();

/// The number in the orientation tag of an EXIF block, with or without "Exif" before it; 1, which leaves a picture as
/// it is, where there is none or the block is damaged.
int exif_orientation(const uint8_t* data, size_t size);
/// Voxels [D,H,W] as an orientation of 2 to 8 says they are to be shown; as they are for any other number.
Tensor upright(const Tensor& voxels, int orientation);
/// The same for a picture and all that lies on its pixels; its encoding says so.
void turn_upright(Image& image, int orientation);

/// One colour of a palette, and how opaque it is.
struct PaletteColour {
  uint8_t red = 0, green = 0, blue = 0, alpha = 255;
};
using Palette = std::array<PaletteColour, 256>;
/// Sets what a picture shows from its places in a palette; height x width of them.
void paint(Image& image, const std::vector<uint8_t>& indices, int64_t height, int64_t width, const Palette& palette);
/// Keeps the opacity [1,H,W] in [0,1] of a picture where it has clear pixels, and lays them over black, with a warning
/// where that changes one; `is_done`: the file's samples are so already (associated alpha).
void put_on_black(Image& image, const Tensor& opacity, bool is_done);

/// Largest file that is read into memory to be decoded.
inline constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;

/// Rec. 601 luminance of `count` pixels of interleaved samples, colours in the first three of `channels` >= 3, gray in
/// the first otherwise; alpha is ignored.
template <class T>
void luminance(const T* samples, int64_t count, int64_t channels, float* gray);
/// The same as float32 [1,height,width].
template <class T>
Tensor luminance(const T* samples, int64_t height, int64_t width, int64_t channels) {
  Tensor gray = empty_slice(height, width);
  luminance(samples, height * width, channels, gray.data_ptr<float>());
  return gray;
}

}  // namespace thor
