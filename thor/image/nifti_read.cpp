// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "thor/base/error.h"
#include "thor/image/formats.h"
#include "thor/image/nifti_header.h"

namespace thor {
namespace {

/// zlib reads compressed and plain files alike.
using GzFile = std::unique_ptr<gzFile_s, decltype(&gzclose)>;

GzFile open_gz(const std::string& path) {
  GzFile file(gzopen(path.c_str(), "rb"), &gzclose);
  if (!file) fail_input("it cannot be opened");
  return file;
}

int64_t bytes_per_sample(NiftiType type) {
  switch (type) {
    case NiftiType::Uint8:
    case NiftiType::Int8:
    case NiftiType::Rgb24:
    case NiftiType::Rgba32:
      return 1;
    case NiftiType::Int16:
    case NiftiType::Uint16:
      return 2;
    case NiftiType::Int32:
    case NiftiType::Uint32:
    case NiftiType::Float32:
      return 4;
    case NiftiType::Float64:
    case NiftiType::Int64:
    case NiftiType::Uint64:
      return 8;
  }
  fail(ErrorKind::Internal, "NIfTI type {} has no size", static_cast<int>(type));
}

int64_t channels_of(NiftiType type) { return type == NiftiType::Rgb24 ? 3 : type == NiftiType::Rgba32 ? 4 : 1; }

/// All slices under each other: float32 [1,D*H,W].
Tensor to_float(const std::vector<char>& bytes, NiftiType type, int64_t rows, int64_t width) {
  const auto as = [&](auto sample) {
    return luminance(reinterpret_cast<const decltype(sample)*>(bytes.data()), rows, width, channels_of(type));
  };
  switch (type) {
    case NiftiType::Uint8:
    case NiftiType::Rgb24:
    case NiftiType::Rgba32:
      return as(uint8_t{});
    case NiftiType::Int8:
      return as(int8_t{});
    case NiftiType::Int16:
      return as(int16_t{});
    case NiftiType::Uint16:
      return as(uint16_t{});
    case NiftiType::Int32:
      return as(int32_t{});
    case NiftiType::Uint32:
      return as(uint32_t{});
    case NiftiType::Float32:
      return as(float{});
    case NiftiType::Float64:
      return as(double{});
    case NiftiType::Int64:
      return as(int64_t{});
    case NiftiType::Uint64:
      return as(uint64_t{});
  }
  fail(ErrorKind::Internal, "NIfTI type {} has no reader", static_cast<int>(type));
}

void swap_bytes(std::vector<char>& bytes, int64_t sample) {
  for (auto at = bytes.begin(); sample > 1 && at != bytes.end(); at += sample) std::reverse(at, at + sample);
}

/// The checksum of a compressed file stands behind the voxels and is looked at only by reading on.
void check_ending(gzFile file) {
  char next;
  const int got = gzread(file, &next, 1);
  int state = Z_OK;
  gzerror(file, &state);
  if (got < 0 || (state != Z_OK && state != Z_STREAM_END)) fail_input("the NIfTI file ends too early or is damaged");
}

}  // namespace

NiftiHeader read_nifti_header(const std::string& path) {
  const GzFile file = open_gz(path);
  std::string bytes(kLongestNiftiHeader, '\0');
  const int got = gzread(file.get(), bytes.data(), static_cast<unsigned>(bytes.size()));
  if (got < 0) fail_input("the compressed file is damaged");
  bytes.resize(static_cast<size_t>(got));
  return parse_nifti_header(bytes);
}

Tensor read_nifti_voxels(const std::string& path, const NiftiHeader& header) {
  const auto [width, height, depth] = header.size;
  std::vector<char> bytes(width * height * depth * channels_of(header.type) * bytes_per_sample(header.type));
  const GzFile file = open_gz(path);
  if (gzseek(file.get(), header.offset, SEEK_SET) != header.offset) fail_input("the NIfTI file ends too early");
  for (size_t done = 0; done < bytes.size();) {
    const auto part = static_cast<unsigned>(std::min<size_t>(bytes.size() - done, 1 << 28));
    const int got = gzread(file.get(), bytes.data() + done, part);
    if (got <= 0) fail_input("the NIfTI file ends too early or is damaged");
    done += static_cast<size_t>(got);
  }
  check_ending(file.get());
  if (header.swapped) swap_bytes(bytes, bytes_per_sample(header.type));
  const Tensor voxels = to_float(bytes, header.type, depth * height, width);
  const bool rescaled = header.slope != 1 || header.intercept != 0;
  return (rescaled ? voxels * header.slope + header.intercept : voxels).reshape({depth, height, width});
}

Image read_nifti(const std::string& path) {
  const NiftiHeader header = read_nifti_header(path);
  if (header.dimensions > 3)
    fail(ErrorKind::Unsupported, "it has {} dimensions; one slice is read, so extract it first", header.dimensions);
  check_size(header.size[0], header.size[1], header.size[2]);
  Image image;
  image.voxels = read_nifti_voxels(path, header);  // [D,H,W]
  image.geometry = header.geometry;
  image.medical = true;
  const bool bytes = header.type == NiftiType::Uint8 || channels_of(header.type) > 1;
  if (bytes && header.slope == 1 && header.intercept == 0) image.full_scale = 255;
  return image;
}

}  // namespace thor
