// SPDX-License-Identifier: Apache-2.0
// Private to this room. The NIfTI library behind ITK prints, fills what is missing with zeros and turns NaN into 0
// without a word, so headers and voxels are read here (https://nifti.nimh.nih.gov, NIfTI-1.1 and NIfTI-2).
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "thor/image/image.h"

namespace thor {

/// NIfTI's codes for the sample types that are read.
enum class NiftiType : int16_t {
  Uint8 = 2,
  Int16 = 4,
  Int32 = 8,
  Float32 = 16,
  Float64 = 64,
  Rgb24 = 128,
  Int8 = 256,
  Uint16 = 512,
  Uint32 = 768,
  Int64 = 1024,
  Uint64 = 1280,
  Rgba32 = 2304,
};

struct NiftiHeader {
  std::array<int64_t, 3> size{1, 1, 1};  ///< along x, y, z; each at least 1
  int64_t dimensions = 3;                ///< 4 and more where something varies beyond z
  NiftiType type = NiftiType::Float32;
  bool swapped = false;             ///< samples are of the other byte order
  int64_t offset = 0;               ///< of the first sample, bytes
  double slope = 1, intercept = 0;  ///< value = slope * sample + intercept
  Geometry geometry;
};

inline constexpr size_t kLongestNiftiHeader = 540;
/// From the first bytes of a file, at most kLongestNiftiHeader. Throws Input (damaged) or Unsupported.
NiftiHeader parse_nifti_header(const std::string& bytes);

/// Opens a file, compressed or not, and reads its header.
NiftiHeader read_nifti_header(const std::string& path);
/// All voxels of the first three axes, rescaled: float32 [D,H,W]. The caller has checked the size.
Tensor read_nifti_voxels(const std::string& path, const NiftiHeader& header);

}  // namespace thor
