// SPDX-License-Identifier: Apache-2.0
// Stands in for png_read.cpp and png_encode.cpp where the program is built without libpng: pictures are written, as
// plainly as the format allows (PNG 1.2, no filter), not read.
#include <zlib.h>

#include "thor/base/error.h"
#include "thor/image/format/png_encode.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

std::string big_endian(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift & 255));
  return bytes;
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string summed = type + data;
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(summed.data()), static_cast<uInt>(summed.size()));
  return big_endian(static_cast<uint32_t>(data.size())) + summed + big_endian(static_cast<uint32_t>(sum));
}

std::string deflated(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string packed(size, '\0');
  if (compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
               bytes.size()) != Z_OK)
    fail(ErrorKind::Internal, "a picture of {} bytes cannot be compressed", bytes.size());
  packed.resize(size);
  return packed;
}

}  // namespace

Image read_png(const std::string&, const ScanChoice&) {
  fail(ErrorKind::Unsupported, "built without libpng: PNG pictures are not read; convert it to NIfTI");
}

std::string encode_png(const PngPicture& picture) {
  const size_t row = picture.samples.size() / static_cast<size_t>(picture.height);
  std::string lines;
  for (size_t first = 0; first < picture.samples.size(); first += row) {
    lines.push_back(0);  // no filter
    lines.append(reinterpret_cast<const char*>(picture.samples.data()) + first, row);
  }
  const std::string kind{static_cast<char>(picture.bits), static_cast<char>(picture.channels == 3 ? 2 : 0), 0, 0, 0};
  const std::string size =
      big_endian(static_cast<uint32_t>(picture.width)) + big_endian(static_cast<uint32_t>(picture.height));
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", size + kind) + chunk("IDAT", deflated(lines)) + chunk("IEND", "");
}

}  // namespace thor
