// SPDX-License-Identifier: Apache-2.0
// The samples of a page block by block: strips or tiles, channels together or in planes, any depth.
#include <ATen/ATen.h>
#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <vector>

#include "thor/base/error.h"
#include "thor/image/format/tiff_layout.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

bool is_unsigned(const TiffLayout& layout) {
  return layout.format == SAMPLEFORMAT_UINT || layout.format == SAMPLEFORMAT_VOID;
}

/// Numbers of other than whole bytes, the first bit the highest (libtiff has put the bits of a byte in this order).
void unpack_bits(const uint8_t* bytes, int bits, int64_t count, uint16_t* to) {
  uint32_t held = 0;
  int have = 0;
  for (int64_t i = 0; i < count; ++i) {
    while (have < bits) held = held << 8 | *bytes++, have += 8;
    have -= bits;
    to[i] = static_cast<uint16_t>(held >> have & ((1u << bits) - 1));
  }
}

template <class T>
void take_row(const uint8_t* bytes, const TiffLayout& layout, int64_t count, T* to) {
  if constexpr (std::is_same_v<T, uint16_t>)
    if (layout.bits != 16) return unpack_bits(bytes, layout.bits, count, to);
  if constexpr (std::is_same_v<T, float>)
    if (layout.bits == 16) {
      for (int64_t i = 0; i < count; ++i) {
        uint16_t half;
        std::memcpy(&half, bytes + 2 * i, sizeof half);
        to[i] = static_cast<float>(c10::Half(half, c10::Half::from_bits()));
      }
      return;
    }
  std::memcpy(to, bytes, static_cast<size_t>(count) * sizeof(T));
}

/// Gives every row of every block to `take(x, y, count, samples)`, channels interleaved.
template <class T, class Take>
void read_blocks(tiff* file, const TiffLayout& layout, const Take& take) {
  const int64_t width = layout.width, height = layout.height;
  const int64_t block_width = layout.tile_width, block_height = layout.tile_height;
  const int64_t planes = layout.planes == PLANARCONFIG_SEPARATE ? layout.channels : 1;
  const int64_t together = layout.channels / planes;
  const int64_t row_bytes = (block_width * together * layout.bits + 7) / 8;
  const int64_t across = (width + block_width - 1) / block_width, down = (height + block_height - 1) / block_height;
  const uint64_t block_bytes = layout.tiled ? TIFFTileSize64(file) : TIFFStripSize64(file);
  if (block_bytes != static_cast<uint64_t>(row_bytes * block_height)) fail_tiff_damaged();
  std::vector<std::vector<uint8_t>> blocks(planes, std::vector<uint8_t>(block_bytes));
  std::vector<T> row(block_width * layout.channels), plane_row(planes > 1 ? block_width : 0);
  for (int64_t block = 0; block < across * down; ++block) {
    const int64_t x = block % across * block_width, y = block / across * block_height;
    const int64_t rows = std::min(block_height, height - y), count = std::min(block_width, width - x);
    const int64_t wanted = row_bytes * (layout.tiled ? block_height : rows);
    for (int64_t plane = 0; plane < planes; ++plane) {
      const auto number = static_cast<uint32_t>(plane * across * down + block);
      uint8_t* to = blocks[plane].data();
      const int64_t got =
          layout.tiled ? TIFFReadEncodedTile(file, number, to, wanted) : TIFFReadEncodedStrip(file, number, to, wanted);
      if (got != wanted) fail_tiff_damaged();
    }
    for (int64_t line = 0; line < rows; ++line) {
      if (planes == 1) take_row(blocks[0].data() + line * row_bytes, layout, count * together, row.data());
      for (int64_t plane = 0; plane < planes && planes > 1; ++plane) {
        take_row(blocks[plane].data() + line * row_bytes, layout, count, plane_row.data());
        for (int64_t i = 0; i < count; ++i) row[i * planes + plane] = plane_row[i];
      }
      take(x, y + line, count, row.data());
    }
  }
}

template <class T>
void read_as(tiff* file, const TiffLayout& layout, Image& image) {
  const int64_t width = layout.width, channels = layout.channels;
  image.voxels = empty_slice(layout.height, width);
  Tensor opacity;
  if (layout.alpha_channel >= 0) opacity = empty_slice(layout.height, width);
  const double opaque = image.full_scale > 0 ? image.full_scale : 1;
  read_blocks<T>(file, layout, [&](int64_t x, int64_t y, int64_t count, const T* samples) {
    luminance(samples, count, channels, image.voxels.data_ptr<float>() + y * width + x);
    for (int64_t i = 0; i < count && opacity.defined(); ++i)
      opacity.data_ptr<float>()[y * width + x + i] =
          static_cast<float>(std::clamp(samples[i * channels + layout.alpha_channel] / opaque, 0.0, 1.0));
  });
  if (layout.colours == PHOTOMETRIC_MINISWHITE) {
    if (image.full_scale <= 0) fail(ErrorKind::Unsupported, "its TIFF counts from white down without a known white");
    image.voxels = at::rsub(image.voxels, image.full_scale);
  }
  if (opacity.defined()) put_on_black(image, opacity, layout.alpha_is_applied);
}

}  // namespace

bool has_tiff_samples(const TiffLayout& layout) {
  const bool known = layout.colours == PHOTOMETRIC_MINISBLACK || layout.colours == PHOTOMETRIC_MINISWHITE ||
                     layout.colours == PHOTOMETRIC_RGB;
  const uint16_t bits = layout.bits;
  const bool wide = bits == 32 || bits == 64;
  const bool depth = (is_unsigned(layout) && ((bits >= 8 && bits <= 16) || wide)) ||
                     (layout.format == SAMPLEFORMAT_INT && (bits == 8 || bits == 16 || wide)) ||
                     (layout.format == SAMPLEFORMAT_IEEEFP && (bits == 16 || wide));
  return known && depth && layout.channels >= 1 && layout.channels <= 4;
}

Image read_tiff_samples(tiff* file, const TiffLayout& layout) {
  Image image;
  const bool is_signed = layout.format == SAMPLEFORMAT_INT;
  if (is_unsigned(layout) && layout.bits <= 16) image.full_scale = (1 << layout.bits) - 1;
  if (layout.format == SAMPLEFORMAT_IEEEFP) {
    layout.bits == 64 ? read_as<double>(file, layout, image) : read_as<float>(file, layout, image);
  } else if (layout.bits == 64) {
    is_signed ? read_as<int64_t>(file, layout, image) : read_as<uint64_t>(file, layout, image);
  } else if (layout.bits == 32) {
    is_signed ? read_as<int32_t>(file, layout, image) : read_as<uint32_t>(file, layout, image);
  } else if (layout.bits > 8) {
    is_signed ? read_as<int16_t>(file, layout, image) : read_as<uint16_t>(file, layout, image);
  } else {
    is_signed ? read_as<int8_t>(file, layout, image) : read_as<uint8_t>(file, layout, image);
  }
  return image;
}

bool has_tiff_palette(const TiffLayout& layout) {
  return layout.colours == PHOTOMETRIC_PALETTE && layout.channels == 1 && is_unsigned(layout) &&
         (layout.bits == 1 || layout.bits == 2 || layout.bits == 4 || layout.bits == 8);
}

Image read_tiff_palette(tiff* file, const TiffLayout& layout) {
  uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
  if (!TIFFGetField(file, TIFFTAG_COLORMAP, &red, &green, &blue)) fail_tiff_damaged();
  const size_t entries = size_t{1} << layout.bits;
  const auto is_deep = [&](const uint16_t* of) { return std::any_of(of, of + entries, [](int v) { return v > 255; }); };
  // Colours have 16 bits; programs that wrote 8 are known by it.
  const bool deep = is_deep(red) || is_deep(green) || is_deep(blue);
  const auto eight = [&](uint16_t value) { return static_cast<uint8_t>(deep ? value * 255 / 65535 : value); };
  Palette palette;
  for (size_t i = 0; i < entries; ++i) palette[i] = {eight(red[i]), eight(green[i]), eight(blue[i]), 255};
  std::vector<uint8_t> indices(size_t{layout.width} * layout.height);
  read_blocks<uint16_t>(file, layout, [&](int64_t x, int64_t y, int64_t count, const uint16_t* samples) {
    std::copy(samples, samples + count, indices.begin() + y * layout.width + x);
  });
  Image image;
  paint(image, indices, layout.height, layout.width, palette);
  return image;
}

}  // namespace thor
