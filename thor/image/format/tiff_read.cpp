// SPDX-License-Identifier: Apache-2.0
// TIFF through libtiff itself: ITK's reader takes 32-bit integers for bytes and lets libtiff print.
#include <ATen/ATen.h>
#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/format/tiff_layout.h"
#include "thor/image/format/voxel_type.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

using TiffFile = std::unique_ptr<TIFF, decltype(&TIFFClose)>;

thread_local char last_error[256];

void on_tiff_error(const char*, const char* text, va_list arguments) {
  std::vsnprintf(last_error, sizeof last_error, text, arguments);
}

void read_alpha(TIFF* tiff, TiffLayout& layout) {
  uint16_t count = 0, *kinds = nullptr;
  if (!TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) || count == 0 || count >= layout.channels) return;
  if (kinds[0] != EXTRASAMPLE_ASSOCALPHA && kinds[0] != EXTRASAMPLE_UNASSALPHA) return;
  layout.alpha_channel = layout.channels - count;
  layout.alpha_is_applied = kinds[0] == EXTRASAMPLE_ASSOCALPHA;
}

TiffLayout read_layout(TIFF* tiff) {
  TiffLayout layout;
  if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout.width) ||
      !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout.height))
    fail_tiff_damaged();
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &layout.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &layout.channels);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &layout.format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &layout.planes);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &layout.compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &layout.orientation);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &layout.colours);
  layout.tiled = TIFFIsTiled(tiff) != 0;
  if (layout.tiled) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &layout.tile_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &layout.tile_height);
  } else {
    layout.tile_width = layout.width;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &layout.tile_height);
    layout.tile_height = std::min(layout.tile_height, layout.height);
  }
  uint32_t kind = 0;
  uint16_t old_kind = 0;
  if (TIFFGetField(tiff, TIFFTAG_SUBFILETYPE, &kind))
    layout.is_of_another_page = (kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) != 0;
  else if (TIFFGetField(tiff, TIFFTAG_OSUBFILETYPE, &old_kind))
    layout.is_of_another_page = old_kind == OFILETYPE_REDUCEDIMAGE;
  read_alpha(tiff, layout);
  return layout;
}

/// Refuses what is not read, with what it is.
[[noreturn]] void refuse_kind(const TiffLayout& layout, const std::string& libtiff_says) {
  std::string kind;
  if (!TIFFIsCODECConfigured(layout.compression))
    kind = fmt::format("is compressed in a way (scheme {}) that is not decoded here", layout.compression);
  else if (layout.format > SAMPLEFORMAT_VOID)
    kind = "has complex numbers";
  else if (layout.channels > 4)
    kind = fmt::format("has {} channels instead of gray, RGB or RGBA", layout.channels);
  else if (layout.colours == PHOTOMETRIC_SEPARATED)
    kind = "is a CMYK picture";
  else if (layout.colours > PHOTOMETRIC_RGB)
    kind = fmt::format("has colours of kind {} with {} bits", layout.colours, layout.bits);
  else
    kind = fmt::format("has {} {} bits a sample", layout.bits,
                       layout.format == SAMPLEFORMAT_IEEEFP ? "floating-point"
                       : layout.format == SAMPLEFORMAT_INT  ? "signed"
                                                            : "unsigned");
  fail(ErrorKind::Unsupported, "its TIFF {}{}; save it as plain 8- or 16-bit gray", kind,
       libtiff_says.empty() ? "" : " (" + libtiff_says + ")");
}

/// 1, 2 or 4 bits, YCbCr: whatever libtiff can paint with 8 bits. Asked for the orientation it has, it turns nothing.
Image read_painted(TIFF* tiff, const TiffLayout& layout) {
  char reason[1024] = "";
  if (layout.bits > 8 || layout.channels > 4 || layout.format > SAMPLEFORMAT_VOID || !TIFFRGBAImageOK(tiff, reason))
    refuse_kind(layout, reason);
  std::vector<uint32_t> samples(size_t{layout.width} * layout.height);
  if (!TIFFReadRGBAImageOriented(tiff, layout.width, layout.height, samples.data(), layout.orientation, 1))
    fail_tiff_damaged();
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

/// A page as it lies in the file; the caller turns it upright.
Image read_page(TIFF* tiff, const TiffLayout& layout) {
  if (!TIFFIsCODECConfigured(layout.compression)) refuse_kind(layout, "");
  if (has_tiff_samples(layout) || has_tiff_palette(layout)) {
    if (layout.tile_width < 1 || layout.tile_height < 1) fail_tiff_damaged();
    check_size(layout.tile_width, layout.tile_height);
    return has_tiff_palette(layout) ? read_tiff_palette(tiff, layout) : read_tiff_samples(tiff, layout);
  }
  return read_painted(tiff, layout);
}

bool same_kind(const TiffLayout& a, const TiffLayout& b) {
  const auto wide = [](const TiffLayout& of) { return of.orientation < 5 ? of.width : of.height; };
  const auto high = [](const TiffLayout& of) { return of.orientation < 5 ? of.height : of.width; };
  return wide(a) == wide(b) && high(a) == high(b) && a.bits == b.bits && a.format == b.format && a.colours == b.colours;
}

/// The pages of a file, without those that only serve another.
class TiffPages {
 public:
  TiffPages(TIFF* tiff, int64_t file_bytes) : tiff_(tiff), file_bytes_(file_bytes) {
    const auto count = static_cast<int64_t>(TIFFNumberOfDirectories(tiff));
    for (int64_t page = 0; page < count; ++page) all_.push_back(open(page));
    for (int64_t page = 0; page < count; ++page)
      if (!all_[page].is_of_another_page) kept_.push_back(page);
    if (kept_.empty())
      for (int64_t page = 0; page < count; ++page) kept_.push_back(page);
    if (kept_.empty()) fail_tiff_damaged();
    if (const size_t others = all_.size() - kept_.size(); others > 0)
      info("{} of its {} pages are thumbnails or masks of the others and are left out", others, all_.size());
  }

  int64_t count() const { return static_cast<int64_t>(kept_.size()); }
  const TiffLayout& layout() const { return all_[kept_[0]]; }

  std::string description() {
    open(kept_[0]);
    const char* text = nullptr;
    return TIFFGetField(tiff_, TIFFTAG_IMAGEDESCRIPTION, &text) && text ? text : "";
  }

  /// Pages that are equal in kind, as slices, for every `slice` the page `page_of(slice)`.
  Image read(int64_t slices, const std::function<int64_t(int64_t)>& page_of) {
    constexpr int64_t kMostSamplesInAByte = 1032;  // deflate's largest ratio
    const TiffLayout& first = layout();
    check_size(first.width, first.height, slices);
    const int64_t samples = int64_t{first.width} * first.height * slices;
    const bool bounded = first.compression == COMPRESSION_NONE || first.compression == COMPRESSION_ADOBE_DEFLATE ||
                         first.compression == COMPRESSION_DEFLATE || first.compression == COMPRESSION_PACKBITS;
    if (slices > 1 && bounded && samples / kMostSamplesInAByte > file_bytes_)
      fail_input("its {} pages announce {} samples, more than its {} bytes can hold", slices, samples, file_bytes_);
    Image image;
    for (int64_t slice = 0; slice < slices; ++slice) {
      const int64_t page = kept_[page_of(slice)];
      const TiffLayout now = open(page);
      if (!same_kind(now, first))
        fail(ErrorKind::Unsupported, "its page {} differs in size or kind from the first; give one page a file",
             page + 1);
      Image one = read_page(tiff_, now);
      turn_upright(one, now.orientation);
      if (slices == 1) return one;
      if (slice == 0) {
        image = one;
        image.voxels = at::empty({slices, one.voxels.size(1), one.voxels.size(2)}, at::kFloat);  // [D,H,W]
        image.opacity = image.labels = Tensor();
      }
      image.voxels[slice].copy_(one.voxels[0]);
    }
    return image;
  }

  /// ImageJ writes large stacks as one page whose samples lie one behind the other; so many of them, none where the
  /// page is not of this kind.
  int64_t images_behind_first() {
    const TiffLayout page = open(kept_[0]);
    if (page.compression != COMPRESSION_NONE || page.tiled || !has_tiff_samples(page) ||
        page.colours == PHOTOMETRIC_MINISWHITE || (page.channels > 1 && page.planes != PLANARCONFIG_CONTIG) ||
        page.bits % 8 != 0 || page.format == SAMPLEFORMAT_VOID)
      return 0;
    uint64_t *offsets = nullptr, *counts = nullptr;
    if (!TIFFGetField(tiff_, TIFFTAG_STRIPOFFSETS, &offsets) || !TIFFGetField(tiff_, TIFFTAG_STRIPBYTECOUNTS, &counts))
      return 0;
    for (uint32_t i = 1; i < TIFFNumberOfStrips(tiff_); ++i)
      if (offsets[i] != offsets[i - 1] + counts[i - 1]) return 0;
    first_offset_ = offsets[0];
    const uint64_t directory = TIFFCurrentDirOffset(tiff_);
    const uint64_t end = directory > first_offset_ ? directory : static_cast<uint64_t>(file_bytes_);
    return first_offset_ < end ? static_cast<int64_t>((end - first_offset_) / image_bytes()) : 0;
  }

  /// Such images; to be called after `images_behind_first`.
  Image read_behind(const std::string& path, int64_t slices, const std::function<int64_t(int64_t)>& image_of) {
    const TiffLayout& page = layout();
    check_size(page.width, page.height, slices);
    const VoxelLayout samples{type_of(page), TIFFIsByteSwapped(tiff_) != 0, page.channels, 1, 0};
    std::ifstream in(path, std::ios::binary);
    const auto next = [&](char* to, size_t count) {
      if (!in.read(to, static_cast<std::streamsize>(count))) fail_input("the TIFF ends too early");
    };
    Image image;
    image.voxels = at::empty({slices, page.height, page.width}, at::kFloat);  // [D,H,W]
    for (int64_t slice = 0; slice < slices; ++slice) {
      in.seekg(static_cast<std::streamoff>(first_offset_ + image_of(slice) * image_bytes()));
      image.voxels[slice].copy_(read_voxels(next, samples, {page.width, page.height, 1})[0]);
    }
    if (page.format == SAMPLEFORMAT_UINT && page.bits <= 16) image.full_scale = (1 << page.bits) - 1;
    turn_upright(image, page.orientation);
    return image;
  }

 private:
  /// Pages are a chain: the next one is near, any other is found from the first.
  TiffLayout open(int64_t page) {
    if (page != at_ &&
        !(page == at_ + 1 && at_ >= 0 ? TIFFReadDirectory(tiff_) : TIFFSetDirectory(tiff_, static_cast<tdir_t>(page))))
      fail_tiff_damaged();
    at_ = page;
    return read_layout(tiff_);
  }

  uint64_t image_bytes() const {
    return uint64_t{layout().width} * layout().height * layout().channels * layout().bits / 8;
  }

  static VoxelType type_of(const TiffLayout& page) {
    const bool is_signed = page.format == SAMPLEFORMAT_INT;
    if (page.format == SAMPLEFORMAT_IEEEFP) return page.bits == 64 ? VoxelType::Float64 : VoxelType::Float32;
    switch (page.bits) {
      case 8:
        return is_signed ? VoxelType::Int8 : VoxelType::Uint8;
      case 16:
        return is_signed ? VoxelType::Int16 : VoxelType::Uint16;
      case 32:
        return is_signed ? VoxelType::Int32 : VoxelType::Uint32;
      default:
        return is_signed ? VoxelType::Int64 : VoxelType::Uint64;
    }
  }

  TIFF* tiff_;
  int64_t file_bytes_, at_ = -1;
  uint64_t first_offset_ = 0;
  std::vector<TiffLayout> all_;
  std::vector<int64_t> kept_;
};

/// What the description says of channels and time points holds where the numbers agree; without them pages are slices.
Image read_numbered(TiffPages& pages, const TiffStack& stack, const std::string& path, const ScanChoice& choice) {
  const int64_t there = pages.count();
  const int64_t behind = there == 1 && stack.images > 1 ? pages.images_behind_first() : 0;
  const bool in_one = behind >= stack.images && stack.images > 1;
  const int64_t images = in_one ? stack.images : there;
  // A single image may have kept the description of the stack that it was taken from; several are a stack that was cut.
  if (behind > 1 && !in_one)
    fail_input("its {} description announces {} images, the file ends after {}; copy it again", stack.program,
               stack.images, behind);
  const bool agree = stack.slices * stack.choices() == images;
  if (stack.images > 0 && !agree && there > 1 && stack.choices() > 1)
    fail_input("its {} description announces {} channels of {} slices at {} time points, the file has {} pages",
               stack.program, stack.channels, stack.slices, stack.frames, images);
  if (stack.images > 1 && stack.images != images)
    warn("its {} description announces {} images, the file has {}, which are read", stack.program, stack.images,
         images);
  const int64_t chosen = agree ? chosen_frame(choice, stack.choices()) : 0;
  const auto place = [&](int64_t slice) { return agree ? stack.page(slice, chosen) : slice; };
  const int64_t slices = agree ? stack.slices : images;
  return in_one ? pages.read_behind(path, slices, place) : pages.read(slices, place);
}

}  // namespace

void fail_tiff_damaged() { fail_input("the TIFF is damaged or incomplete{}{}", *last_error ? ": " : "", last_error); }

Image read_tiff(const std::string& path, const ScanChoice& choice) {
  static std::once_flag quiet;
  std::call_once(quiet, [] {
    TIFFSetWarningHandler(nullptr);
    TIFFSetErrorHandler(on_tiff_error);
  });
  *last_error = '\0';
  const TiffFile tiff(TIFFOpen(path.c_str(), "r"), &TIFFClose);
  if (!tiff) fail_input("it is not a TIFF picture, or it is damaged{}{}", *last_error ? ": " : "", last_error);
  TiffPages pages(tiff.get(), static_cast<int64_t>(std::filesystem::file_size(path)));
  const TiffLayout layout = pages.layout();
  check_size(layout.width, layout.height);
  const TiffStack stack = read_tiff_stack(pages.description(), layout.channels);
  Image image = stack.images > 0 ? read_numbered(pages, stack, path, choice)
                                 : pages.read(pages.count(), [](int64_t slice) { return slice; });
  const std::string turned = image.encoding;
  image.encoding = fmt::format("TIFF, {} bit{}", layout.bits, turned);
  return image;
}

}  // namespace thor
