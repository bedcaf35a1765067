// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <png.h>

#include <cstring>
#include <vector>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/image/image.h"

namespace thor {
namespace {

/// Of zlib: 2 % larger files than the default 6 in 60 % of the time, measured on maps and overlays.
constexpr int kCompressionLevel = 3;

/// Only trivial members are touched between setjmp and longjmp.
struct PngWriter {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string* out = nullptr;
  png_bytepp rows = nullptr;
  uint32_t width = 0, height = 0;
  int bits = 8, colours = PNG_COLOR_TYPE_GRAY;
  ~PngWriter() { png_destroy_write_struct(&png, &info); }
};

void on_write_error(png_structp png, png_const_charp) { png_longjmp(png, 1); }
void on_write_warning(png_structp, png_const_charp) {}
void on_flush(png_structp) {}
void on_write(png_structp png, png_bytep data, size_t bytes) {
  static_cast<PngWriter*>(png_get_io_ptr(png))->out->append(reinterpret_cast<const char*>(data), bytes);
}

bool write_all(PngWriter& writer) {
  if (setjmp(png_jmpbuf(writer.png))) return false;
  png_set_IHDR(writer.png, writer.info, writer.width, writer.height, writer.bits, writer.colours, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(writer.png, kCompressionLevel);
  png_set_rows(writer.png, writer.info, writer.rows);
  png_write_png(writer.png, writer.info, PNG_TRANSFORM_IDENTITY, nullptr);
  return true;
}

/// Samples [H,W,C] as big-endian bytes.
std::string encode(std::vector<uint8_t>& samples, int64_t height, int64_t width, int channels, int bits) {
  std::string png;
  const int64_t row_bytes = width * channels * (bits / 8);
  std::vector<png_bytep> rows(height);
  for (int64_t y = 0; y < height; ++y) rows[y] = samples.data() + y * row_bytes;
  PngWriter writer;
  writer.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, on_write_error, on_write_warning);
  writer.info = writer.png ? png_create_info_struct(writer.png) : nullptr;
  if (!writer.info) fail(ErrorKind::Internal, "libpng cannot be started");
  png_set_write_fn(writer.png, &writer, on_write, on_flush);
  writer.out = &png;
  writer.rows = rows.data();
  writer.width = static_cast<uint32_t>(width);
  writer.height = static_cast<uint32_t>(height);
  writer.bits = bits;
  writer.colours = channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY;
  if (!write_all(writer)) fail(ErrorKind::Internal, "a picture of {} x {} cannot be encoded as PNG", width, height);
  return png;
}

/// Gray [H,W] or RGB [3,H,W] in [0,1].
std::string encode_unit(const Tensor& unit, int bits) {
  const bool colour = unit.dim() == 3 && unit.size(0) == 3;
  if ((unit.dim() != 2 && !colour) || unit.numel() == 0 || (bits != 8 && bits != 16))
    fail(ErrorKind::Internal, "a PNG needs [H,W] or [3,H,W] and 8 or 16 bits, not {} and {}", shape_text(unit.sizes()),
         bits);
  const int channels = colour ? 3 : 1;
  const int64_t height = unit.size(-2), width = unit.size(-1);
  const double white = bits == 8 ? 255 : 65535;
  const Tensor scaled = (at::nan_to_num(unit.to(at::kDouble)).clamp(0, 1) * white).round().to(at::kInt);
  const Tensor interleaved = (colour ? scaled.permute({1, 2, 0}) : scaled).contiguous().cpu();  // [H,W] or [H,W,3]
  const int32_t* values = interleaved.data_ptr<int32_t>();
  std::vector<uint8_t> samples;
  samples.reserve(interleaved.numel() * (bits / 8));
  for (int64_t i = 0; i < interleaved.numel(); ++i) {
    if (bits == 16) samples.push_back(static_cast<uint8_t>(values[i] >> 8));
    samples.push_back(static_cast<uint8_t>(values[i] & 255));
  }
  return encode(samples, height, width, channels, bits);
}

}  // namespace

std::string encode_png(const Tensor& unit) { return encode_unit(unit, 8); }
void write_png(const std::string& path, const Tensor& unit, int bits) {
  if (unit.dim() != 2) fail(ErrorKind::Internal, "a gray PNG is [H,W], not {}", shape_text(unit.sizes()));
  write_text_atomically(path, encode_unit(unit, bits));
}
void write_png_rgb(const std::string& path, const Tensor& unit) {
  if (unit.dim() != 3) fail(ErrorKind::Internal, "a colour PNG is [3,H,W], not {}", shape_text(unit.sizes()));
  write_text_atomically(path, encode_unit(unit, 8));
}

}  // namespace thor
