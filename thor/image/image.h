// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <string>

#include "thor/base/tensor.h"

namespace thor {

/// Where voxels lie in the patient: ITK's convention, LPS, millimetres. A 2D picture has identity geometry.
struct Geometry {
  std::array<double, 3> spacing_mm{1, 1, 1};                   ///< along x (columns), y (rows), z (slices)
  std::array<double, 3> origin_mm{0, 0, 0};                    ///< centre of voxel (0, 0, 0)
  std::array<double, 9> direction{1, 0, 0, 0, 1, 0, 0, 0, 1};  ///< row-major cosines, columns = voxel axes
};

/// A gray image as it came from its file; a volume has more than one slice.
struct Image {
  Tensor voxels;  ///< float32 [D,H,W], native values (rescale applied), finite
  Geometry geometry;
  std::string path;       ///< where it was read from, for messages
  bool medical = false;   ///< has a geometry worth keeping (NIfTI), not a picture
  double full_scale = 0;  ///< 255 or 65535 for 8- and 16-bit pictures, 0 where the format has no white
};

/// Reads a PNG, JPEG, TIFF (8, 16 bit) or a NIfTI file with a single slice. RGB(A) is converted to luminance with a
/// note. Throws Input: missing, empty, truncated, not an image, NaN or infinite values, too large (over kMaxPixels,
/// checked from the header before anything is allocated); Unsupported: more than one slice (whole volumes are not read
/// yet).
Image read_image(const std::string& path);
inline constexpr int64_t kMaxPixels = 64'000'000;

/// First 64 bits of the SHA-256 of shape and voxels: names the image in random streams whatever its file is called.
uint64_t content_id(const Image& image);

/// Writes [H,W] or [D,H,W] float voxels as float32 NIfTI (.nii, .nii.gz) with the geometry. Atomic.
void write_nifti(const std::string& path, const Tensor& voxels, const Geometry& geometry);
/// Writes [H,W] in [0,1] as gray PNG of 8 or 16 bit (value 1 = white; values outside are clipped). Atomic.
void write_png(const std::string& path, const Tensor& unit, int bits);
/// Writes [3,H,W] in [0,1] as 8-bit RGB PNG. Atomic.
void write_png_rgb(const std::string& path, const Tensor& unit);
/// The bytes of an 8-bit PNG, gray [H,W] or RGB [3,H,W], e.g. to put it into a page.
std::string encode_png(const Tensor& unit);

/// True for the file endings that read_image knows; used when a folder is given.
bool has_image_ending(const std::string& path);

}  // namespace thor
