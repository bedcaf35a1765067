// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/format/byte_reader.h"
#include "thor/image/format/nifti_header.h"
#include "thor/image/format/other_content.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

constexpr double kMaxOffset = 1 << 28;  // bytes of header extensions that are skipped at most
constexpr int64_t kExtensionFlags = 4;  // bytes behind the header that say whether extensions follow

NiftiHeader read_nifti_header(const std::string& path) {
  ByteReader file(path, 0, Packing::GzipOrNone);
  std::string bytes(kNiftiStart, '\0');
  bytes.resize(file.read_some(bytes.data(), bytes.size()));
  if (const auto header = parse_nifti_header(bytes)) return *header;
  fail_as_other_content("NIfTI", path, Packing::GzipOrNone);
}

/// Where the first sample lies. Where the header puts it inside itself or inside an extension, the length of the
/// unpacked file decides: it must be exactly that of the header, the extension or none, and all voxels.
int64_t voxel_start(const std::string& path, const NiftiHeader& header) {
  const double said = header.said_offset;
  const int64_t plain = header.own_bytes + kExtensionFlags, extended = plain + header.extension;
  if (said > kMaxOffset) fail_input("its NIfTI header is damaged: voxels at byte {:g}", said);
  if (said >= static_cast<double>(extended)) return static_cast<int64_t>(said);
  // Cannot overflow: at most 2^20 frames of 2^30 voxels of 8 bytes.
  const int64_t voxels = header.frames * bytes_of(header.samples, header.size);
  ByteReader file(path, 0, Packing::GzipOrNone);
  file.expect_at_least(header.own_bytes + voxels);
  const int64_t length = file.check_ending();
  const bool is_beyond_header = said >= static_cast<double>(header.own_bytes);
  const int64_t named = is_beyond_header ? static_cast<int64_t>(said) : plain;
  if (is_beyond_header && said >= static_cast<double>(plain) && length == named + voxels) return named;
  for (const int64_t start : {plain, named, extended, header.own_bytes})
    if (length == start + voxels) {
      if (static_cast<double>(start) == said)
        warn(
            "its NIfTI header says that voxels begin at byte {:g}, in the bytes that announce extensions; the length "
            "of the file agrees, and they are read from there, but other programs may begin at byte {}",
            said, plain);
      else
        warn(
            "its NIfTI header says that voxels begin at byte {:g}, inside the {}; by the length of the file they begin "
            "at byte {} and are read from there",
            said, said < static_cast<double>(plain) || std::isnan(said) ? "header" : "extension behind it", start);
      return start;
    }
  if (said >= static_cast<double>(plain)) return named;
  fail_input(
      "its NIfTI header says that voxels begin at byte {:g}, inside the header, and the file is {} bytes long "
      "(unpacked) "
      "where {} are expected: it was cut, or its sizes are wrong; set vox_offset to {}",
      said, length, plain + voxels, plain);
}

Tensor read_nifti_voxels(const std::string& path, const NiftiHeader& header, int64_t frame) {
  const int64_t bytes = bytes_of(header.samples, header.size), start = voxel_start(path, header);
  ByteReader file(path, 0, Packing::GzipOrNone);
  file.expect_at_least(start + header.frames * bytes);
  file.skip(start + frame * bytes);
  Tensor voxels = read_voxels([&](char* to, size_t count) { file.read(to, count); }, header.samples, header.size);
  const int64_t rest = file.check_ending() - (header.frames - 1 - frame) * bytes;
  if (rest < 0) fail_input("it ends too early: voxels of a later frame are missing");
  warn_of_rest(rest, header.samples, header.size);
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
  const bool bytes = header.samples.type == VoxelType::Uint8;
  if (bytes && header.samples.slope == 1 && header.samples.intercept == 0) image.full_scale = 255;
  return image;
}

}  // namespace thor
