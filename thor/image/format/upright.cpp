// SPDX-License-Identifier: Apache-2.0
// Pictures that say which way up they are to be shown: tag 274 of TIFF 6.0, which EXIF 2.32 has too.
#include <ATen/ATen.h>

#include <cstring>

#include "thor/base/log.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

constexpr uint16_t kOrientationTag = 274, kShort = 3;

/// Numbers of a TIFF structure in memory; none beyond its end.
struct TiffBytes {
  const uint8_t* data;
  size_t size;
  bool big;

  bool holds(size_t at, size_t bytes) const { return at <= size && bytes <= size - at; }
  uint32_t number(size_t at, size_t bytes) const {
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value = value << 8 | data[at + (big ? i : bytes - 1 - i)];
    return value;
  }
};

}  // namespace

int exif_orientation(const uint8_t* data, size_t size) {
  constexpr size_t kMark = 6, kHeader = 8, kEntry = 12;
  if (size >= kMark && std::memcmp(data, "Exif\0\0", kMark) == 0) data += kMark, size -= kMark;
  if (size < kHeader || (std::memcmp(data, "II*\0", 4) != 0 && std::memcmp(data, "MM\0*", 4) != 0)) return 1;
  const TiffBytes exif{data, size, data[0] == 'M'};
  const size_t directory = exif.number(4, 4);
  if (!exif.holds(directory, 2)) return 1;
  const size_t entries = exif.number(directory, 2);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * kEntry;
    if (!exif.holds(entry, kEntry)) return 1;
    if (exif.number(entry, 2) == kOrientationTag && exif.number(entry + 2, 2) == kShort)
      return static_cast<int>(exif.number(entry + 8, 2));
  }
  return 1;
}

Tensor upright(const Tensor& voxels, int orientation) {
  const auto turned = [&](bool sides_change, std::vector<int64_t> flips) {
    return (sides_change ? voxels.transpose(1, 2) : voxels).flip(flips).contiguous();
  };
  switch (orientation) {
    case 2:
      return turned(false, {2});
    case 3:
      return turned(false, {1, 2});
    case 4:
      return turned(false, {1});
    case 5:
      return turned(true, {});
    case 6:
      return turned(true, {2});
    case 7:
      return turned(true, {1, 2});
    case 8:
      return turned(true, {1});
    default:
      return voxels;
  }
}

void turn_upright(Image& image, int orientation) {
  if (orientation < 2 || orientation > 8) return;
  for (Tensor* part : {&image.voxels, &image.opacity, &image.labels})
    if (part->defined()) *part = upright(*part, orientation);
  image.encoding += fmt::format(", turned upright (orientation {})", orientation);
  log_once(LogLevel::Info, "pictures are turned upright as their orientation tag says");
}

}  // namespace thor
