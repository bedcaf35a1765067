// SPDX-License-Identifier: Apache-2.0
// Compressed frames through GDCM's codecs. They trust what they are told about sizes, so the picture's own header is
// compared with the DICOM header first.
#include <gdcmBitmap.h>
#include <gdcmSequenceOfFragments.h>
#include <gdcmTrace.h>

#include <array>
#include <cstring>
#include <mutex>

#include "thor/base/error.h"
#include "thor/image/dicom/dicom_instance.h"

namespace thor {
namespace {

constexpr size_t kRleHeader = 64;

/// What a compressed picture says of itself.
struct PictureHeader {
  int64_t columns = 0, rows = 0, samples = 0, bits = 0;
};

class PictureBytes {
 public:
  explicit PictureBytes(const std::string& bytes) : bytes_(bytes) {}
  bool starts_with(const char* magic, size_t count) const { return bytes_.compare(0, count, magic, count) == 0; }
  /// Most significant byte first.
  int64_t at(size_t position, size_t count) const {
    if (position + count > bytes_.size()) fail_input("its compressed pixels are damaged");
    int64_t number = 0;
    for (size_t i = 0; i < count; ++i) number = number << 8 | static_cast<unsigned char>(bytes_[position + i]);
    return number;
  }
  size_t size() const { return bytes_.size(); }

 private:
  const std::string& bytes_;
};

/// Markers that decoding needs: tables, restarts, the frame (sequential, lossless, JPEG-LS) and JPEG-LS parameters.
bool is_needed(int64_t marker) {
  for (const int64_t known : {0xffc0, 0xffc1, 0xffc3, 0xffc4, 0xffdb, 0xffdd, 0xfff7, 0xfff8})
    if (marker == known) return true;
  return false;
}
bool is_frame(int64_t marker) { return is_needed(marker) && marker != 0xffc4 && (marker < 0xffd0 || marker == 0xfff7); }
bool is_comment(int64_t marker) { return (marker >= 0xffe0 && marker <= 0xffef) || marker == 0xfffe; }

/// Walks the segments up to the scan (ISO 10918-1 B.2, ISO 14495-1 C.2) and leaves only what decoding needs in
/// `packed`: GDCM ends the program where an application segment is odd.
PictureHeader bare_jpeg(std::string& packed) {
  constexpr int64_t kScan = 0xffda;
  const PictureBytes bytes(packed);
  std::string bare = packed.substr(0, 2);
  PictureHeader header;
  for (size_t position = 2;;) {
    const int64_t marker = bytes.at(position, 2);
    if (marker == 0xffff) {  // fill bytes
      ++position;
      continue;
    }
    const auto length = static_cast<size_t>(bytes.at(position + 2, 2));
    bytes.at(position + length, 2);  // there
    if (marker == kScan) {
      if (header.samples == 0 || bytes.at(position + 4, 1) != header.samples) break;
      packed = bare + packed.substr(position);
      return header;
    }
    if (is_frame(marker)) {
      if (header.samples != 0) break;
      header = {bytes.at(position + 7, 2), bytes.at(position + 5, 2), bytes.at(position + 9, 1),
                bytes.at(position + 4, 1)};
    }
    if (length < 2 || !(is_needed(marker) || is_comment(marker))) break;
    if (is_needed(marker)) bare += packed.substr(position, length + 2);
    position += length + 2;
  }
  fail_input("its compressed pixels are damaged");
}

/// ISO 15444-1 A.5.1.
PictureHeader jpeg2000_header(const PictureBytes& bytes) {
  PictureHeader header{bytes.at(8, 4) - bytes.at(16, 4), bytes.at(12, 4) - bytes.at(20, 4), bytes.at(40, 2), 0};
  for (int64_t i = 0; i < header.samples; ++i) {
    const size_t component = 42 + 3 * static_cast<size_t>(i);
    if (bytes.at(component + 1, 2) != 0x0101) fail_input("its compressed pixels are damaged: subsampled");
    const int64_t bits = (bytes.at(component, 1) & 0x7f) + 1;
    if (header.bits != 0 && bits != header.bits) fail_input("its compressed pixels are damaged: mixed depths");
    header.bits = bits;
  }
  return header;
}

PictureHeader header_of(std::string& packed) {
  const PictureBytes bytes(packed);
  if (bytes.starts_with("\xff\xd8", 2)) return bare_jpeg(packed);
  if (bytes.starts_with("\xff\x4f\xff\x51", 4)) return jpeg2000_header(bytes);
  fail_input("its compressed pixels are damaged: neither JPEG, JPEG-LS nor JPEG 2000");
}

/// Some programs put a whole JP2 file where the bare codestream belongs (ISO 15444-1 I.4): leaves only that.
void take_out_of_boxes(std::string& packed) {
  const PictureBytes bytes(packed);
  if (!bytes.starts_with("\0\0\0\x0cjP  ", 8)) return;
  constexpr int64_t kCodestream = 0x6a703263;  // "jp2c"
  for (size_t position = 0; position + 8 <= packed.size();) {
    const int64_t said = bytes.at(position, 4);
    const size_t head = said == 1 ? 16 : 8;
    const uint64_t left = packed.size() - position;
    const uint64_t length = said == 0   ? left
                            : said == 1 ? static_cast<uint64_t>(bytes.at(position + 8, 8))
                                        : static_cast<uint64_t>(said);
    if (length < head || length > left) break;
    if (bytes.at(position + 4, 4) == kCodestream) {
      packed = packed.substr(position + head, length - head);
      return;
    }
    position += length;
  }
  fail_input("its compressed pixels are damaged: a JP2 file without a codestream");
}

/// Also leaves out what decoding does not need.
void check_picture(std::string& packed, const DicomPixels& p) {
  const PictureHeader header = header_of(packed);
  const int64_t allocated = header.bits <= 8 ? 8 : header.bits <= 16 ? 16 : 32;
  if (header.columns != p.columns || header.rows != p.rows || header.samples != p.samples ||
      allocated != p.bits_allocated)
    fail_input("its compressed picture is {} x {} with {} x {} bits, its DICOM header says {} x {} with {} x {}",
               header.columns, header.rows, header.samples, header.bits, p.columns, p.rows, p.samples,
               p.bits_allocated);
}

/// Codecs fill what is missing with gray, so a picture must have its end marker, with a little padding at most.
void check_end_of_picture(const std::string& packed) {
  constexpr size_t kPadding = 16;
  const size_t end = packed.rfind("\xff\xd9");
  if (end == std::string::npos || end + 2 + kPadding < packed.size())
    fail_input("its compressed pixels are cut; copy the file again");
}

uint32_t little_endian_at(const std::string& bytes, size_t position) {
  uint32_t number = 0;
  for (size_t i = 4; i > 0; --i) number = number << 8 | static_cast<unsigned char>(bytes[position + i - 1]);
  return number;
}

/// One plane of bytes (PS3.5 G.3.1), each `step` apart in `out` from `first` on.
void unpack_rle_segment(const std::string& packed, size_t from, size_t to, std::string& out, size_t first,
                        size_t step) {
  size_t at = first;
  while (from < to && at < out.size()) {
    const auto control = static_cast<signed char>(packed[from++]);
    if (control == -128) continue;
    const bool literal = control >= 0;
    const size_t count = static_cast<size_t>(literal ? control + 1 : 1 - control);
    if (from + (literal ? count : 1) > to) fail_input("its run lengths are damaged");
    for (size_t i = 0; i < count && at < out.size(); ++i, at += step) out[at] = packed[literal ? from + i : from];
    from += literal ? count : 1;
  }
  if (at < out.size()) fail_input("its run lengths end too early");
}

/// PS3.5 annex G: planes of bytes, the most significant first, colour after colour; interleaved samples come out. Done
/// here because it is short, and every length is checked.
std::string unpack_rle(const std::string& packed, const DicomPixels& p) {
  const auto width = static_cast<size_t>(p.bits_allocated / 8), samples = static_cast<size_t>(p.samples);
  const size_t segments = width * samples;
  if (packed.size() < kRleHeader || little_endian_at(packed, 0) != segments) fail_input("its run lengths are damaged");
  std::string out(static_cast<size_t>(p.frame_bytes()), '\0');
  for (size_t i = 0; i < segments; ++i) {
    const size_t from = little_endian_at(packed, 4 + 4 * i);
    const size_t to = i + 1 < segments ? little_endian_at(packed, 8 + 4 * i) : packed.size();
    if (from < kRleHeader || from > to || to > packed.size()) fail_input("its run lengths are damaged");
    const size_t sample = i / width, byte = width - 1 - i % width;
    unpack_rle_segment(packed, from, to, out, sample * width + byte, segments);
  }
  return out;
}

}  // namespace

std::string unpack_dicom_frame(const DicomInstance& instance, std::string packed) {
  static std::once_flag quiet;
  std::call_once(quiet, [] {
    gdcm::Trace::WarningOff();
    gdcm::Trace::ErrorOff();
    gdcm::Trace::DebugOff();
  });
  const DicomPixels& p = instance.pixels;
  if (std::string(instance.syntax->name) == "RLE") return unpack_rle(packed, p);
  take_out_of_boxes(packed);
  check_picture(packed, p);
  check_end_of_picture(packed);
  gdcm::Bitmap bitmap;
  bitmap.SetNumberOfDimensions(2);
  bitmap.SetDimension(0, static_cast<unsigned>(p.columns));
  bitmap.SetDimension(1, static_cast<unsigned>(p.rows));
  bitmap.SetPixelFormat(gdcm::PixelFormat(
      static_cast<unsigned short>(p.samples), static_cast<unsigned short>(p.bits_allocated),
      static_cast<unsigned short>(p.bits_stored), static_cast<unsigned short>(p.high_bit), p.is_signed ? 1 : 0));
  bitmap.SetPhotometricInterpretation(p.samples == 3 ? gdcm::PhotometricInterpretation::RGB
                                                     : gdcm::PhotometricInterpretation::MONOCHROME2);
  bitmap.SetTransferSyntax(gdcm::TransferSyntax::GetTSType(instance.syntax->uid));
  gdcm::Fragment fragment;
  fragment.SetByteValue(packed.data(), static_cast<uint32_t>(packed.size()));
  const auto fragments = gdcm::SequenceOfFragments::New();
  fragments->AddFragment(fragment);
  gdcm::DataElement pixels(gdcm::Tag(0x7fe0, 0x0010), gdcm::VL::GetVL32Max(), gdcm::VR::OB);
  pixels.SetValue(*fragments);
  bitmap.SetDataElement(pixels);
  const auto bytes = static_cast<size_t>(p.frame_bytes());
  // Room for the widest sample: some codecs decide on their own how wide one is.
  std::string samples(std::max<size_t>(bytes * 4, bitmap.GetBufferLength()), '\0');
  bool good = false;
  try {
    good = bitmap.GetBuffer(samples.data());
  } catch (const std::exception&) {
    good = false;
  }
  if (!good || bitmap.GetBufferLength() != bytes)
    fail_input("its compressed pixels ({}) are damaged", instance.syntax->name);
  samples.resize(bytes);
  return samples;
}

}  // namespace thor
