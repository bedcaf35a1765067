// SPDX-License-Identifier: Apache-2.0
// Palettes of PALETTE COLOR (PS3.3 C.7.6.3.1.5): gray ones only, a map of colours has no brightness of its own.
#include <algorithm>

#include "thor/base/error.h"
#include "thor/image/dicom/dicom_instance.h"
#include "thor/image/dicom/dicom_tags.h"

namespace thor {
namespace {

constexpr int64_t kMostEntries = 65536;

struct PaletteSize {
  int64_t entries = 0, first = 0, bits = 16;
};

PaletteSize size_of(const DicomDataset& data, DicomTag tag) {
  const auto three = data.numbers(tag, data.text(tag).empty() ? 0 : 3);
  if (three.empty())
    fail(ErrorKind::Unsupported,
         "its pixels are PALETTE COLOR without a palette ({:04x},{:04x}); convert it to MONOCHROME2", tag >> 16,
         tag & 0xffff);
  return {three[0] == 0 ? kMostEntries : static_cast<int64_t>(three[0]), static_cast<int64_t>(three[1]),
          static_cast<int64_t>(three[2])};
}

/// From 0 to 255.
std::vector<float> entries_of(const DicomDataset& data, DicomTag size_tag, DicomTag tag, bool big_endian) {
  const PaletteSize size = size_of(data, size_tag);
  const auto found = data.values.find(tag);
  if (found == data.values.end())
    fail(ErrorKind::Unsupported,
         "its palette (PALETTE COLOR) has no plain table ({:04x},{:04x}); convert it to MONOCHROME2", tag >> 16,
         tag & 0xffff);
  const std::string& bytes = found->second;
  const auto count = static_cast<size_t>(size.entries);
  const bool packed = size.bits == 8 && bytes.size() < 2 * count;  // two entries a word, or one
  if (size.entries < 1 || size.entries > kMostEntries || (size.bits != 8 && size.bits != 16) ||
      bytes.size() < (packed ? count : 2 * count))
    fail_input("its palette ({:04x},{:04x}) is damaged: {} entries of {} bits in {} bytes", tag >> 16, tag & 0xffff,
               size.entries, size.bits, bytes.size());
  std::vector<float> entries(count);
  for (size_t i = 0; i < count; ++i) {
    const auto byte = [&](size_t at) { return static_cast<unsigned char>(bytes[at]); };
    const int word = packed       ? byte(std::min(big_endian ? i ^ 1u : i, bytes.size() - 1))
                     : big_endian ? byte(2 * i) << 8 | byte(2 * i + 1)
                                  : byte(2 * i) | byte(2 * i + 1) << 8;
    entries[i] = size.bits == 8 ? static_cast<float>(word & 0xff) : static_cast<float>(word) / 257.0f;
  }
  return entries;
}

}  // namespace

DicomPalette gray_palette(const DicomDataset& data, bool big_endian) {
  using namespace dicom;
  DicomPalette palette;
  palette.first = size_of(data, kRedPaletteSize).first;
  palette.entries = entries_of(data, kRedPaletteSize, kRedPalette, big_endian);
  if (palette.entries != entries_of(data, kGreenPaletteSize, kGreenPalette, big_endian) ||
      palette.entries != entries_of(data, kBluePaletteSize, kBluePalette, big_endian) ||
      palette.first != size_of(data, kGreenPaletteSize).first || palette.first != size_of(data, kBluePaletteSize).first)
    fail(ErrorKind::Unsupported,
         "its palette (PALETTE COLOR) has colours, and a map of colours has no brightness of its own; convert it to "
         "MONOCHROME2");
  return palette;
}

}  // namespace thor
