// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/image/tiff_file.h"

#include <gtest/gtest.h>
#include <tiffio.h>

#include "tests/unit/image/pictures.h"

namespace thor::test {
namespace {

std::string stored(const TiffSpec& spec, const at::Tensor& values) {
  if (spec.format == 3 && spec.bits == 16) {
    const at::Tensor half = values.to(at::kHalf).contiguous();
    return {static_cast<const char*>(half.data_ptr()), static_cast<size_t>(half.nbytes())};
  }
  if (spec.format == 3) return samples_of<float>(values);
  if (spec.bits == 12) {  // two samples in three bytes, a row at a time
    std::string bytes;
    const at::Tensor flat = values.to(at::kLong).contiguous().view({-1});
    for (int64_t i = 0; i + 1 < flat.numel(); i += 2) {
      const auto a = flat[i].item<int64_t>(), b = flat[i + 1].item<int64_t>();
      for (const int64_t byte : {a >> 4, (a & 15) << 4 | b >> 8, b & 255}) bytes.push_back(static_cast<char>(byte));
    }
    return bytes;
  }
  if (spec.bits == 16) return spec.format == 2 ? samples_of<int16_t>(values) : samples_of<uint16_t>(values);
  return samples_of<uint8_t>(values);
}

void write_palette(TIFF* tiff, const TiffSpec& spec) {
  std::vector<uint16_t> red(256), green(256), blue(256);
  for (int64_t i = 0; i < 256; ++i) {
    red[i] = static_cast<uint16_t>(spec.palette[i][0].item<int64_t>() * 257);
    green[i] = static_cast<uint16_t>(spec.palette[i][1].item<int64_t>() * 257);
    blue[i] = static_cast<uint16_t>(spec.palette[i][2].item<int64_t>() * 257);
  }
  TIFFSetField(tiff, TIFFTAG_COLORMAP, red.data(), green.data(), blue.data());
}

void write_blocks(TIFF* tiff, const TiffSpec& spec, const at::Tensor& samples) {  // [H,W,C]
  const int64_t height = samples.size(0), width = samples.size(1), rows = spec.tile > 0 ? spec.tile : 3;
  const int64_t columns = spec.tile > 0 ? spec.tile : width;
  uint32_t block = 0;
  for (int64_t channel = 0; channel < (spec.planes ? samples.size(2) : 1); ++channel)
    for (int64_t y = 0; y < height; y += rows)
      for (int64_t x = 0; x < width; x += columns) {
        at::Tensor piece = samples.slice(0, y, y + rows).slice(1, x, x + columns);
        if (spec.planes) piece = piece.slice(2, channel, channel + 1);
        if (spec.tile > 0)
          piece = at::constant_pad_nd(piece, {0, 0, 0, columns - piece.size(1), 0, rows - piece.size(0)}, 77);
        std::string bytes = stored(spec, piece);
        const auto size = static_cast<tmsize_t>(bytes.size());
        ASSERT_EQ(spec.tile > 0 ? TIFFWriteEncodedTile(tiff, block, bytes.data(), size)
                                : TIFFWriteEncodedStrip(tiff, block, bytes.data(), size),
                  size);
        ++block;
      }
}

void write_page(TIFF* tiff, const TiffSpec& spec) {
  const at::Tensor samples = spec.samples.dim() == 3 ? spec.samples : spec.samples.unsqueeze(2);
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<uint32_t>(samples.size(1)));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<uint32_t>(samples.size(0)));
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, spec.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, static_cast<int>(samples.size(2)));
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, spec.format);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, spec.colours);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, spec.planes ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, spec.compression);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, spec.orientation);
  if (spec.compression != 1) TIFFSetField(tiff, TIFFTAG_PREDICTOR, spec.predictor);
  if (spec.subfile) TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, spec.subfile);
  if (!spec.description.empty()) TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, spec.description.c_str());
  if (spec.palette.defined()) write_palette(tiff, spec);
  const auto alpha = static_cast<uint16_t>(spec.alpha);
  if (alpha) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
  if (spec.tile > 0) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, spec.tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, spec.tile);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 3);
  }
  write_blocks(tiff, spec, samples);
}

}  // namespace

void write_tiff(const std::string& path, const std::vector<TiffSpec>& pages, const char* mode) {
  TIFF* tiff = TIFFOpen(path.c_str(), mode);
  ASSERT_TRUE(tiff);
  for (const TiffSpec& page : pages) {
    write_page(tiff, page);
    ASSERT_TRUE(TIFFWriteDirectory(tiff));
  }
  TIFFClose(tiff);
}

}  // namespace thor::test
