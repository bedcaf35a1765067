// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/image/dicom/dicom_result.h"

namespace thor {
namespace {

/// The number that big-endian bytes stand for, in base 10.
std::string decimal_of_bytes(std::array<unsigned, 16> bytes) {
  std::string digits;
  while (std::any_of(bytes.begin(), bytes.end(), [](unsigned byte) { return byte != 0; })) {
    unsigned remainder = 0;
    for (unsigned& byte : bytes) {
      const unsigned value = remainder * 256 + byte;
      byte = value / 10;
      remainder = value % 10;
    }
    digits.insert(digits.begin(), static_cast<char>('0' + remainder));
  }
  return digits.empty() ? "0" : digits;
}

}  // namespace

std::string uid_from(const std::string& words) {
  const std::string hex = Sha256().update(words.data(), words.size()).hex();
  std::array<unsigned, 16> uuid{};
  for (size_t i = 0; i < uuid.size(); ++i)
    uuid[i] = static_cast<unsigned>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
  uuid[6] = (uuid[6] & 0x0f) | 0x80;
  uuid[8] = (uuid[8] & 0x3f) | 0x80;
  return "2.25." + decimal_of_bytes(uuid);
}

Sha256 begin_identity(const std::string& kind, const Image& source, const DicomResult& result) {
  std::string words = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n", kind, result.description, result.software_version,
                                  result.provenance, result.series_number, shape_text(source.voxels.sizes()));
  for (const DicomSlice& slice : source.dicom->slices)
    words += fmt::format("{} {}\n", slice.sop_instance_uid, slice.frame);
  for (const double number : source.geometry.ras_from_voxel.rows) words += decimal_string(number) + "\n";
  Sha256 identity;
  identity.update(words.data(), words.size());
  return identity;
}

std::string frame_of_reference_of(const DicomSource& source) {
  return source.frame_of_reference_uid.empty() ? uid_from("frame of reference of " + source.series_uid)
                                               : source.frame_of_reference_uid;
}

std::string dicom_text(const std::string& text, size_t most) {
  std::string plain = text.substr(0, most);
  for (char& c : plain) {
    if (c == '\\') c = '/';
    if (c < ' ' || c > '~') c = ' ';
  }
  plain.erase(plain.find_last_not_of(' ') + 1);
  return plain;
}

void expect_dicom_source(const Tensor& voxels, const Image& source) {
  if (!source.dicom)
    fail_usage("'{}' was not read from DICOM, and a DICOM result refers to a DICOM series; write NIfTI instead",
               source.path);
  if (voxels.dim() != 3 || voxels.numel() == 0 || voxels.sizes() != source.voxels.sizes() ||
      source.dicom->slices.size() != static_cast<size_t>(voxels.size(0)))
    fail(ErrorKind::Internal, "a DICOM result of shape {} for a source of shape {} and {} slices",
         shape_text(voxels.sizes()), shape_text(source.voxels.sizes()), source.dicom->slices.size());
}

}  // namespace thor
