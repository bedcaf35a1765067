// SPDX-License-Identifier: Apache-2.0
#include "thor/base/error.h"
#include "thor/image/byte_reader.h"
#include "thor/image/formats.h"
#include "thor/image/nifti_header.h"

namespace thor {
namespace {

NiftiHeader read_nifti_header(const std::string& path) {
  ByteReader file(path, 0, Packing::GzipOrNone);
  std::string bytes(kLongestNiftiHeader, '\0');
  bytes.resize(file.read_some(bytes.data(), bytes.size()));
  return parse_nifti_header(bytes);
}

Tensor read_nifti_voxels(const std::string& path, const NiftiHeader& header, int64_t frame) {
  const int64_t bytes = bytes_of(header.samples, header.size);
  ByteReader file(path, 0, Packing::GzipOrNone);
  // Cannot overflow: at most 2^20 frames of 2^30 voxels of 8 bytes.
  file.expect_at_least(header.offset + header.frames * bytes);
  file.skip(header.offset + frame * bytes);
  Tensor voxels = read_samples([&](char* to, size_t count) { file.read(to, count); }, header.samples, header.size);
  file.check_ending();
  return voxels;
}

}  // namespace

Image read_nifti(const std::string& path, const ScanChoice& choice) {
  const NiftiHeader header = read_nifti_header(path);
  check_size(header.size[0], header.size[1], header.size[2]);
  Image image;
  image.voxels = read_nifti_voxels(path, header, chosen_frame(choice, header.frames));  // [D,H,W]
  image.geometry = header.geometry;
  image.medical = true;
  image.encoding = fmt::format("NIfTI-{}, {}", header.version, describe(header.samples));
  const bool bytes = header.samples.type == SampleType::Uint8;
  if (bytes && header.samples.slope == 1 && header.samples.intercept == 0) image.full_scale = 255;
  return image;
}

}  // namespace thor
