// SPDX-License-Identifier: Apache-2.0
// Private to this room: the decoders and their common functions.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thor/image/image.h"

namespace thor {

/// Decoders, one per format. Each throws Error without naming the file (read_scan adds the name). They set voxels,
/// geometry and the other members that the format provides.
Image read_png(const std::string& path, const ScanChoice& choice);
Image read_jpeg(const std::string& path, const ScanChoice& choice);
Image read_tiff(const std::string& path, const ScanChoice& choice);
Image read_nifti(const std::string& path, const ScanChoice& choice);
Image read_nrrd(const std::string& path, const ScanChoice& choice);
Image read_metaimage(const std::string& path, const ScanChoice& choice);
Image read_mgh(const std::string& path, const ScanChoice& choice);
Image read_dicom_file(const std::string& path, const ScanChoice& choice);
/// Reads the only or the chosen DICOM series of a folder or zip archive.
Image read_dicom_folder(const std::string& path, const ScanChoice& choice);

/// Returns the frame to read of a file with this number of frames. Throws Unsupported if there are several and none is
/// chosen, and Usage if the chosen one does not exist.
int64_t chosen_frame(const ScanChoice& choice, int64_t frames);

/// Throws Input unless 1 <= width x height <= kMaxPixels and the volume has at most kMaxVoxels. It is called before any
/// allocation.
void check_size(int64_t width, int64_t height, int64_t depth = 1);

/// Returns an uninitialized tensor, float32 [1,height,width].
Tensor empty_slice(int64_t height, int64_t width);

/// Logs once that colours are converted to gray.
void note_colour();

/// Returns the orientation tag of an EXIF block, with or without a leading "Exif"; 1 (no change) if there is none or
/// the block is damaged.
int exif_orientation(const uint8_t* data, size_t size);
/// Applies an EXIF orientation of 2 to 8 to voxels [D,H,W]; other numbers change nothing.
Tensor upright(const Tensor& voxels, int orientation);
/// Applies an EXIF orientation to a picture with its opacity and labels, and notes it in the encoding.
void turn_upright(Image& image, int orientation);

/// One colour of a palette with its opacity.
struct PaletteColour {
  uint8_t red = 0, green = 0, blue = 0, alpha = 255;
};
using Palette = std::array<PaletteColour, 256>;
/// Sets the voxels of a picture from its height x width palette indices.
void paint(Image& image, const std::vector<uint8_t>& indices, int64_t height, int64_t width, const Palette& palette);
/// Stores the opacity [1,H,W] in [0,1] of a picture with transparent pixels and composes it over black, with a warning
/// if that changes a pixel. `is_done`: the samples of the file are composed already (associated alpha).
void put_on_black(Image& image, const Tensor& opacity, bool is_done);

/// The largest file that is read into memory for decoding, bytes.
inline constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;

/// Computes the Rec. 601 luminance of `count` pixels of interleaved samples. Colours are the first three of `channels`
/// >= 3, otherwise the first one is gray; alpha is ignored.
template <class T>
void luminance(const T* samples, int64_t count, int64_t channels, float* gray);
/// Computes the luminance as float32 [1,height,width].
template <class T>
Tensor luminance(const T* samples, int64_t height, int64_t width, int64_t channels) {
  Tensor gray = empty_slice(height, width);
  luminance(samples, height * width, channels, gray.data_ptr<float>());
  return gray;
}

}  // namespace thor
