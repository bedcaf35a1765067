// SPDX-License-Identifier: Apache-2.0
// TIFF through libtiff itself: ITK's reader takes 32-bit integers for bytes and lets libtiff print.
#include <ATen/ATen.h>
#include <tiffio.h>

#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "thor/base/error.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

using TiffFile = std::unique_ptr<TIFF, decltype(&TIFFClose)>;

thread_local char last_error[256];

void on_tiff_error(const char*, const char* text, va_list arguments) {
  std::vsnprintf(last_error, sizeof last_error, text, arguments);
}

[[noreturn]] void fail_damaged() {
  fail_input("the TIFF is damaged or incomplete{}{}", *last_error ? ": " : "", last_error);
}

struct Layout {
  uint32_t width = 0, height = 0;
  uint16_t bits = 1, channels = 1, format = SAMPLEFORMAT_UINT, colours = PHOTOMETRIC_MINISBLACK, planes = 1;
};

Layout read_layout(TIFF* tiff) {
  Layout layout;
  if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout.width) ||
      !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout.height))
    fail_damaged();
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &layout.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &layout.channels);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &layout.format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &layout.planes);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &layout.colours);
  return layout;
}

/// True where rows can be taken as they are, with every bit of depth.
bool has_plain_rows(TIFF* tiff, const Layout& layout) {
  const bool known = layout.colours == PHOTOMETRIC_MINISBLACK || layout.colours == PHOTOMETRIC_MINISWHITE ||
                     layout.colours == PHOTOMETRIC_RGB;
  const bool integer = layout.format == SAMPLEFORMAT_UINT || layout.format == SAMPLEFORMAT_INT;
  const bool depth = (integer && (layout.bits == 8 || layout.bits == 16 || layout.bits == 32)) ||
                     (layout.format == SAMPLEFORMAT_IEEEFP && (layout.bits == 32 || layout.bits == 64));
  return known && depth && !TIFFIsTiled(tiff) && layout.channels >= 1 && layout.channels <= 4 &&
         (layout.planes == PLANARCONFIG_CONTIG || layout.channels == 1);
}

template <class T>
Tensor read_tiff_rows(TIFF* tiff, const Layout& layout) {
  const size_t row = size_t{layout.width} * layout.channels;
  if (TIFFScanlineSize64(tiff) != row * sizeof(T)) fail_damaged();
  std::vector<T> samples(row * layout.height);
  for (uint32_t y = 0; y < layout.height; ++y)
    if (TIFFReadScanline(tiff, samples.data() + y * row, y) != 1) fail_damaged();
  return luminance(samples.data(), layout.height, layout.width, layout.channels);
}

Image read_plain(TIFF* tiff, const Layout& layout) {
  Image image;
  const bool is_signed = layout.format == SAMPLEFORMAT_INT;
  if (layout.format == SAMPLEFORMAT_IEEEFP) {
    image.voxels = layout.bits == 64 ? read_tiff_rows<double>(tiff, layout) : read_tiff_rows<float>(tiff, layout);
  } else if (layout.bits == 32) {
    image.voxels = is_signed ? read_tiff_rows<int32_t>(tiff, layout) : read_tiff_rows<uint32_t>(tiff, layout);
  } else if (layout.bits == 16) {
    image.voxels = is_signed ? read_tiff_rows<int16_t>(tiff, layout) : read_tiff_rows<uint16_t>(tiff, layout);
  } else {
    image.voxels = is_signed ? read_tiff_rows<int8_t>(tiff, layout) : read_tiff_rows<uint8_t>(tiff, layout);
  }
  if (layout.format == SAMPLEFORMAT_UINT && layout.bits <= 16) image.full_scale = layout.bits == 8 ? 255 : 65535;
  if (layout.colours == PHOTOMETRIC_MINISWHITE) {
    if (image.full_scale <= 0) fail(ErrorKind::Unsupported, "its TIFF counts from white down without a known white");
    image.voxels = at::rsub(image.voxels, image.full_scale);
  }
  return image;
}

/// Palettes, tiles, 1, 2 or 4 bits, YCbCr: whatever libtiff can paint with 8 bits.
Image read_painted(TIFF* tiff, const Layout& layout) {
  char reason[1024] = "";
  if (layout.bits > 8 || !TIFFRGBAImageOK(tiff, reason))
    fail(ErrorKind::Unsupported,
         "its kind of TIFF ({} bits, {} channels) is not read; save it as plain 8- or 16-bit gray", layout.bits,
         layout.channels);
  std::vector<uint32_t> samples(size_t{layout.width} * layout.height);
  if (!TIFFReadRGBAImageOriented(tiff, layout.width, layout.height, samples.data(), ORIENTATION_TOPLEFT, 1))
    fail_damaged();
  std::vector<uint8_t> rgb;
  rgb.reserve(samples.size() * 3);
  for (const uint32_t pixel : samples) {
    rgb.insert(rgb.end(), {uint8_t(TIFFGetR(pixel)), uint8_t(TIFFGetG(pixel)), uint8_t(TIFFGetB(pixel))});
  }
  Image image;
  image.voxels = luminance(rgb.data(), layout.height, layout.width, 3);
  image.full_scale = 255;
  return image;
}

Image read_page(TIFF* tiff, const Layout& layout) {
  return has_plain_rows(tiff, layout) ? read_plain(tiff, layout) : read_painted(tiff, layout);
}

bool same_kind(const Layout& a, const Layout& b) {
  return a.width == b.width && a.height == b.height && a.bits == b.bits && a.format == b.format &&
         a.colours == b.colours;
}

/// Pages that are equal in kind, as slices.
Image read_pages(TIFF* tiff, const Layout& layout, int64_t pages, int64_t file_bytes) {
  constexpr int64_t kMostSamplesInAByte = 1032;  // deflate's largest ratio
  check_size(layout.width, layout.height, pages);
  const int64_t samples = int64_t{layout.width} * layout.height * pages;
  if (samples / kMostSamplesInAByte > file_bytes)
    fail_input("its {} pages announce {} samples, more than its {} bytes can hold", pages, samples, file_bytes);
  Image image;
  image.voxels = at::empty({pages, layout.height, layout.width}, at::kFloat);  // [D,H,W]
  for (int64_t page = 0; page < pages; ++page) {
    if (!TIFFSetDirectory(tiff, static_cast<uint16_t>(page))) fail_damaged();
    if (!same_kind(read_layout(tiff), layout))
      fail(ErrorKind::Unsupported, "its page {} differs in size or kind from the first; give one page a file",
           page + 1);
    const Image slice = read_page(tiff, layout);
    image.voxels[page].copy_(slice.voxels[0]);
    image.full_scale = slice.full_scale;
  }
  return image;
}

}  // namespace

Image read_tiff(const std::string& path, const ScanChoice&) {
  static std::once_flag quiet;
  std::call_once(quiet, [] {
    TIFFSetWarningHandler(nullptr);
    TIFFSetErrorHandler(on_tiff_error);
  });
  *last_error = '\0';
  const TiffFile tiff(TIFFOpen(path.c_str(), "r"), &TIFFClose);
  if (!tiff) fail_input("it is not a TIFF picture, or it is damaged{}{}", *last_error ? ": " : "", last_error);
  const Layout layout = read_layout(tiff.get());
  check_size(layout.width, layout.height);
  const auto pages = static_cast<int64_t>(TIFFNumberOfDirectories(tiff.get()));
  TIFFSetDirectory(tiff.get(), 0);
  Image image = pages > 1
                    ? read_pages(tiff.get(), layout, pages, static_cast<int64_t>(std::filesystem::file_size(path)))
                    : read_page(tiff.get(), layout);
  image.encoding = fmt::format("TIFF, {} bit", layout.bits);
  return image;
}

}  // namespace thor
