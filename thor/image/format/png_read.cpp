// SPDX-License-Identifier: Apache-2.0
// PNG through libpng itself: ITK's reader lets libpng print to stderr and shifts values by the sBIT chunk.
#include <png.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

/// Only trivial members are touched between setjmp and longjmp.
struct PngReader {
  const char* data = nullptr;
  size_t size = 0, at = 0;
  png_structp png = nullptr;
  png_infop info = nullptr;
  png_bytepp rows = nullptr;
  char message[128] = "";
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
};

void on_error(png_structp png, png_const_charp text) {
  auto* reader = static_cast<PngReader*>(png_get_error_ptr(png));
  std::strncpy(reader->message, text, sizeof reader->message - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep out, size_t bytes) {
  auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
  if (bytes > reader->size - reader->at) png_error(png, "the file ends too early");
  std::memcpy(out, reader->data + reader->at, bytes);
  reader->at += bytes;
}

/// Samples come as 8 bit or native 16 bit, gray or RGB, with opacity where the file has some; palettes as indices.
void read_header(PngReader& reader) {
  // Text and profiles are not used; some files hold much of it.
  const png_byte unused[] = "iCCP\0iTXt\0tEXt\0zTXt";
  png_set_keep_unknown_chunks(reader.png, PNG_HANDLE_CHUNK_NEVER, unused, 4);
  png_read_info(reader.png, reader.info);
  if (png_get_color_type(reader.png, reader.info) == PNG_COLOR_TYPE_PALETTE)
    png_set_packing(reader.png);
  else
    png_set_expand(reader.png);
  png_set_interlace_handling(reader.png);
  const uint16_t one = 1;
  if (*reinterpret_cast<const uint8_t*>(&one) == 1) png_set_swap(reader.png);
}

void read_rows(PngReader& reader) {
  png_read_image(reader.png, reader.rows);
  png_read_end(reader.png, reader.info);  // EXIF may stand behind the pixels
}

void guarded(PngReader& reader, void (*step)(PngReader&)) {
  if (setjmp(png_jmpbuf(reader.png)) == 0) {
    step(reader);
    return;
  }
  fail_input("the PNG is damaged or incomplete: {}", reader.message);
}

Palette palette_of(PngReader& reader) {
  Palette palette;
  png_colorp colours = nullptr;
  png_bytep alphas = nullptr;
  int count = 0, alpha_count = 0;
  png_get_PLTE(reader.png, reader.info, &colours, &count);
  if (!png_get_tRNS(reader.png, reader.info, &alphas, &alpha_count, nullptr)) alpha_count = 0;
  for (int i = 0; i < std::min(count, 256); ++i) {
    palette[i] = {colours[i].red, colours[i].green, colours[i].blue, 255};
    if (alphas && i < alpha_count) palette[i].alpha = alphas[i];
  }
  return palette;
}

/// The last of several interleaved channels as a share of white.
template <class T>
Tensor last_channel(const T* samples, int64_t height, int64_t width, int64_t channels, double white) {
  Tensor opacity = empty_slice(height, width);
  float* to = opacity.data_ptr<float>();
  for (int64_t i = 0; i < opacity.numel(); ++i)
    to[i] = static_cast<float>(samples[i * channels + channels - 1] / white);
  return opacity;
}

template <class T>
void take_samples(Image& image, const T* samples, int64_t height, int64_t width, int64_t channels) {
  image.full_scale = std::numeric_limits<T>::max();
  image.voxels = luminance(samples, height, width, channels);
  if (channels % 2 == 0) put_on_black(image, last_channel(samples, height, width, channels, image.full_scale), false);
}

int orientation_of(PngReader& reader) {
#ifdef PNG_eXIf_SUPPORTED
  png_bytep exif = nullptr;
  png_uint_32 size = 0;
  if (png_get_eXIf_1(reader.png, reader.info, &size, &exif) && exif) return exif_orientation(exif, size);
#endif
  return 1;
}

}  // namespace

Image read_png(const std::string& path, const ScanChoice&) {
  const std::string bytes = read_text_file(path, kMaxFileBytes);
  if (bytes.size() < 8 || png_sig_cmp(reinterpret_cast<png_const_bytep>(bytes.data()), 0, 8) != 0)
    fail_input("it is not a PNG picture, whatever its name says");
  PngReader reader;
  reader.data = bytes.data();
  reader.size = bytes.size();
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
  reader.info = reader.png ? png_create_info_struct(reader.png) : nullptr;
  if (!reader.info) fail(ErrorKind::Internal, "libpng cannot be started");
  png_set_read_fn(reader.png, &reader, on_read);

  guarded(reader, read_header);
  const int64_t width = png_get_image_width(reader.png, reader.info);
  const int64_t height = png_get_image_height(reader.png, reader.info);
  check_size(width, height);
  guarded(reader, [](PngReader& r) { png_read_update_info(r.png, r.info); });

  const size_t row_bytes = png_get_rowbytes(reader.png, reader.info);
  std::vector<uint16_t> samples((row_bytes * height + 1) / 2);  // aligned for both depths
  std::vector<png_bytep> rows(height);
  for (int64_t y = 0; y < height; ++y) rows[y] = reinterpret_cast<png_bytep>(samples.data()) + row_bytes * y;
  reader.rows = rows.data();
  guarded(reader, read_rows);

  const int64_t channels = png_get_channels(reader.png, reader.info);
  const bool deep = png_get_bit_depth(reader.png, reader.info) == 16;
  const auto* bytes_read = reinterpret_cast<const uint8_t*>(samples.data());
  Image image;
  image.encoding = fmt::format("PNG, {} bit", deep ? 16 : 8);
  if (png_get_color_type(reader.png, reader.info) == PNG_COLOR_TYPE_PALETTE)
    paint(image, {bytes_read, bytes_read + width * height}, height, width, palette_of(reader));
  else if (deep)
    take_samples(image, samples.data(), height, width, channels);
  else
    take_samples(image, bytes_read, height, width, channels);
  turn_upright(image, orientation_of(reader));
  return image;
}

}  // namespace thor
