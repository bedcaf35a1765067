// SPDX-License-Identifier: Apache-2.0
// Small DICOM, NRRD, MetaImage, MGH and zip files made byte by byte, so that none is committed and every field can be
// wrong.
#pragma once
#include <ATen/ATen.h>
#include <bzlib.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace thor::test {

inline constexpr const char* kImplicitSyntax = "1.2.840.10008.1.2";
inline constexpr const char* kExplicitSyntax = "1.2.840.10008.1.2.1";
inline constexpr const char* kDeflatedSyntax = "1.2.840.10008.1.2.1.99";
inline constexpr const char* kBigEndianSyntax = "1.2.840.10008.1.2.2";
inline constexpr const char* kJpegSyntax = "1.2.840.10008.1.2.4.50";
inline constexpr const char* kRleSyntax = "1.2.840.10008.1.2.5";

/// What a DICOM file says; a slice of 1 mm pixels in the axial plane unless told otherwise.
struct DicomSpec {
  std::string syntax = kExplicitSyntax;
  std::string series_uid = "1.2.3.1", instance_uid = "1.2.3.1.1", description = "T1", image_type = "ORIGINAL\\PRIMARY";
  int series_number = 1, instance_number = 1;
  std::array<double, 3> position{0, 0, 0};
  std::array<double, 6> orientation{1, 0, 0, 0, 1, 0};
  double row_mm = 1, column_mm = 1, thickness_mm = 2, slope = 1, intercept = 0;
  std::string photometric = "MONOCHROME2";
  int bits_allocated = 16, bits_stored = 16;
  bool is_signed = false;
  at::Tensor pixels;                                        ///< stored values, [H,W] or [F,H,W]
  std::vector<std::array<double, 3>> frame_positions = {};  ///< enhanced multi-frame: of each frame
  std::vector<std::string> compressed = {};                 ///< frames, instead of `pixels`' own bytes
};

/// Writes data sets element by element.
class DicomWriter {
 public:
  explicit DicomWriter(const std::string& syntax)
      : implicit_(syntax == kImplicitSyntax), big_(syntax == kBigEndianSyntax) {}
  template <class T>
  static std::string bytes_of(T value, bool big = false) {
    std::string raw(reinterpret_cast<const char*>(&value), sizeof value);
    if (big) std::reverse(raw.begin(), raw.end());
    return raw;
  }
  std::string element(uint32_t tag, const std::string& vr, std::string value) const {
    if (value.size() % 2) value += vr == "UI" || vr == "OB" ? '\0' : ' ';
    return head(tag, vr, static_cast<uint32_t>(value.size())) + value;
  }
  std::string head(uint32_t tag, const std::string& vr, uint32_t length) const {
    std::string out = bytes_of(uint16_t(tag >> 16), big_) + bytes_of(uint16_t(tag), big_);
    const bool item = tag >> 16 == 0xfffe;
    if (implicit_ || item) return out + bytes_of(length, big_);
    const bool wide = vr == "SQ" || vr == "OW" || vr == "OB";
    return out + vr + (wide ? std::string(2, '\0') + bytes_of(length, big_) : bytes_of(uint16_t(length), big_));
  }
  std::string number(uint32_t tag, int value) const { return element(tag, "US", bytes_of(uint16_t(value), big_)); }
  /// One item, its length undefined or not.
  std::string sequence(uint32_t tag, const std::vector<std::string>& items, bool undefined) const {
    std::string all;
    for (const auto& item : items)
      all += undefined ? head(0xfffee000, "", 0xffffffff) + item + head(0xfffee00d, "", 0)
                       : head(0xfffee000, "", uint32_t(item.size())) + item;
    if (undefined) return head(tag, "SQ", 0xffffffff) + all + head(0xfffee0dd, "", 0);
    return head(tag, "SQ", uint32_t(all.size())) + all;
  }

 private:
  bool implicit_, big_;
};

template <size_t N>
std::string dicom_numbers(const std::array<double, N>& values) {
  std::string text;
  for (const double value : values) {
    char one[32];
    std::snprintf(one, sizeof one, "%.10g", value);
    text += (text.empty() ? "" : "\\") + std::string(one);
  }
  return text;
}

/// The samples of a frame or of all frames.
inline std::string dicom_samples(const DicomSpec& spec) {
  const at::Tensor values = spec.pixels.to(at::kLong).contiguous();
  std::string bytes;
  for (int64_t i = 0; i < values.numel(); ++i) {
    const int64_t value = values.data_ptr<int64_t>()[i];
    const bool big = spec.syntax == kBigEndianSyntax;
    bytes += spec.bits_allocated == 8    ? DicomWriter::bytes_of(uint8_t(value))
             : spec.bits_allocated == 16 ? DicomWriter::bytes_of(uint16_t(value), big)
                                         : DicomWriter::bytes_of(uint32_t(value), big);
  }
  return bytes;
}

inline std::string deflated(const std::string& bytes, int window_bits) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(bytes.size() + 1024, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}
inline std::string raw_deflated(const std::string& bytes) { return deflated(bytes, -15); }
inline std::string zlib_packed(const std::string& bytes) { return deflated(bytes, 15); }
inline std::string bzip_packed(const std::string& bytes) {
  std::string out(bytes.size() + bytes.size() / 100 + 600, '\0'), in = bytes;
  auto length = static_cast<unsigned>(out.size());
  BZ2_bzBuffToBuffCompress(out.data(), &length, in.data(), static_cast<unsigned>(in.size()), 1, 0, 0);
  return out.substr(0, length);
}
inline std::string gzip_packed(const std::string& bytes) { return deflated(bytes, 15 + 16); }

/// The elements of the data set, by tag.
inline std::map<uint32_t, std::string> dicom_elements(const DicomSpec& spec) {
  const DicomWriter w(spec.syntax);
  const int64_t sides = spec.pixels.dim();
  const bool enhanced = !spec.frame_positions.empty();
  std::map<uint32_t, std::string> all;
  const auto put = [&](uint32_t tag, const char* vr, const std::string& value) {
    all[tag] = w.element(tag, vr, value);
  };
  put(0x00080008, "CS", spec.image_type);
  put(0x00080016, "UI", enhanced ? "1.2.840.10008.5.1.4.1.1.4.1" : "1.2.840.10008.5.1.4.1.1.4");
  put(0x00080018, "UI", spec.instance_uid);
  put(0x00080060, "CS", "MR");
  put(0x0008103e, "LO", spec.description);
  put(0x0020000d, "UI", "1.2.3");
  put(0x0020000e, "UI", spec.series_uid);
  put(0x00200011, "IS", std::to_string(spec.series_number));
  put(0x00200013, "IS", std::to_string(spec.instance_number));
  put(0x00200052, "UI", "1.2.3.9");
  put(0x00280004, "CS", spec.photometric);
  const std::pair<uint32_t, int> numbers[] = {{0x00280002, 1},
                                              {0x00280010, int(spec.pixels.size(sides - 2))},
                                              {0x00280011, int(spec.pixels.size(sides - 1))},
                                              {0x00280100, spec.bits_allocated},
                                              {0x00280101, spec.bits_stored},
                                              {0x00280102, spec.bits_stored - 1},
                                              {0x00280103, spec.is_signed}};
  for (const auto& [tag, value] : numbers) all[tag] = w.number(tag, value);
  if (sides == 3) put(0x00280008, "IS", std::to_string(spec.pixels.size(0)));
  const std::string spacing = dicom_numbers(std::array<double, 2>{spec.row_mm, spec.column_mm});
  const std::string thickness = dicom_numbers(std::array<double, 1>{spec.thickness_mm});
  const std::string slope = w.element(0x00281052, "DS", dicom_numbers(std::array<double, 1>{spec.intercept})) +
                            w.element(0x00281053, "DS", dicom_numbers(std::array<double, 1>{spec.slope}));
  if (!enhanced) {
    put(0x00180050, "DS", thickness);
    put(0x00200032, "DS", dicom_numbers(spec.position));
    put(0x00200037, "DS", dicom_numbers(spec.orientation));
    put(0x00280030, "DS", spacing);
    all[0x00281052] = slope;
    return all;
  }
  const std::string orientation = w.element(0x00200037, "DS", dicom_numbers(spec.orientation));
  const std::string measures = w.element(0x00180050, "DS", thickness) + w.element(0x00280030, "DS", spacing);
  all[0x52009229] = w.sequence(0x52009229,
                               {w.sequence(0x00209116, {orientation}, true) +
                                w.sequence(0x00289110, {measures}, false) + w.sequence(0x00289145, {slope}, true)},
                               false);
  std::vector<std::string> frames;
  for (const auto& position : spec.frame_positions)
    frames.push_back(w.sequence(0x00209113, {w.element(0x00200032, "DS", dicom_numbers(position))}, frames.size() % 2));
  all[0x52009230] = w.sequence(0x52009230, frames, true);
  return all;
}

/// The bytes of a file.
inline std::string dicom_of(const DicomSpec& spec, const std::map<uint32_t, std::string>& elements) {
  const DicomWriter w(spec.syntax), meta(kExplicitSyntax);
  std::string data;
  for (const auto& [tag, bytes] : elements) data += bytes;
  if (spec.compressed.empty()) {
    data += w.element(0x7fe00010, "OW", dicom_samples(spec));
  } else {
    data += w.head(0x7fe00010, "OB", 0xffffffff) + w.head(0xfffee000, "", 0);
    for (const std::string& frame : spec.compressed) data += w.element(0xfffee000, "OB", frame);
    data += w.head(0xfffee0dd, "", 0);
  }
  if (spec.syntax == kDeflatedSyntax) data = raw_deflated(data);
  const std::string syntax = meta.element(0x00020010, "UI", spec.syntax);
  const std::string length = meta.element(0x00020000, "UL", DicomWriter::bytes_of(uint32_t(syntax.size())));
  return std::string(128, '\0') + "DICM" + length + syntax + data;
}
inline std::string dicom_of(const DicomSpec& spec) { return dicom_of(spec, dicom_elements(spec)); }

/// Run lengths (PS3.5 annex G) of 16-bit samples, in literal runs and, where bytes repeat, in repeated ones.
inline std::string rle_of(const std::string& samples) {
  std::string header = DicomWriter::bytes_of(uint32_t{2}), data;
  for (const size_t byte : {size_t{1}, size_t{0}}) {
    header += DicomWriter::bytes_of(uint32_t(64 + data.size()));
    for (size_t at = byte; at < samples.size();) {
      size_t run = 1;
      while (run < 128 && at + 2 * run < samples.size() && samples[at + 2 * run] == samples[at]) ++run;
      data += run > 1 ? std::string{char(1 - int(run)), samples[at]} : std::string{'\0', samples[at]};
      at += 2 * run;
    }
    if (data.size() % 2) data += '\x80';
  }
  header.resize(64, '\0');
  return header + data;
}

struct ZippedFile {
  std::string name, bytes;
  bool packed = true;
};
inline std::string zip_of(const std::vector<ZippedFile>& files) {
  const auto u16 = [](size_t value) { return DicomWriter::bytes_of(uint16_t(value)); };
  const auto u32 = [](size_t value) { return DicomWriter::bytes_of(uint32_t(value)); };
  std::string out, directory;
  for (const ZippedFile& file : files) {
    const std::string data = file.packed ? raw_deflated(file.bytes) : file.bytes;
    const size_t crc = crc32(0, reinterpret_cast<const Bytef*>(file.bytes.data()), uInt(file.bytes.size()));
    const std::string common = u16(20) + u16(0) + u16(file.packed ? 8 : 0) + u32(0) + u32(crc) + u32(data.size()) +
                               u32(file.bytes.size()) + u16(file.name.size()) + u16(0);
    directory += "PK\x01\x02" + u16(20) + common + u16(0) + u16(0) + u16(0) + u32(0) + u32(out.size()) + file.name;
    out += "PK\x03\x04" + common + file.name + data;
  }
  const size_t start = out.size();
  return out + directory + "PK\x05\x06" + u32(0) + u16(files.size()) + u16(files.size()) + u32(directory.size()) +
         u32(start) + u16(0);
}

/// 16-bit samples of a volume [D,H,W], little-endian.
inline std::string short_samples(const at::Tensor& volume) {
  DicomSpec spec;
  spec.pixels = volume;
  return dicom_samples(spec);
}

/// A NRRD file of a volume [D,H,W]; `more` are further or repeated header lines.
inline std::string nrrd_of(const at::Tensor& volume, const std::string& more = "", bool packed = false) {
  const std::string sizes =
      std::to_string(volume.size(2)) + " " + std::to_string(volume.size(1)) + " " + std::to_string(volume.size(0));
  const std::string samples = short_samples(volume);
  return "NRRD0004\n# made for a test\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: " + sizes +
         "\nspace directions: (1,0,0) (0,1,0) (0,0,2)\nspace origin: (0,0,0)\nendian: little\nencoding: " +
         (packed ? "gzip" : "raw") + "\n" + more + "\n" + (packed ? gzip_packed(samples) : samples);
}

/// The same as MetaImage; `more` stands before the last line of the header.
inline std::string metaimage_of(const at::Tensor& volume, const std::string& more = "", bool packed = false) {
  const std::string sizes =
      std::to_string(volume.size(2)) + " " + std::to_string(volume.size(1)) + " " + std::to_string(volume.size(0));
  const std::string samples = short_samples(volume);
  return "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = " +
         std::string(packed ? "True" : "False") +
         "\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\nElementSpacing = 1 1 2\nDimSize = " + sizes +
         "\nElementType = MET_SHORT\n" + more + "ElementDataFile = LOCAL\n" + (packed ? zlib_packed(samples) : samples);
}

/// What a MGH header says.
struct MghSpec {
  int32_t type = 4;  ///< 16-bit samples
  int16_t good = 1;
  std::array<float, 3> spacing{1, 1, 2};
  std::array<float, 9> directions{1, 0, 0, 0, 1, 0, 0, 0, 1};  ///< of x, then y, then z
  std::array<float, 3> middle{0, 0, 0};
};
/// A MGH file of frames [F,D,H,W] or a volume [D,H,W], with big-endian samples given or of 16 bit.
inline std::string mgh_of(const at::Tensor& volume, const MghSpec& spec = {}, std::string samples = "") {
  const at::Tensor frames = volume.dim() == 4 ? volume : volume.unsqueeze(0);
  const auto put = [](auto value) { return DicomWriter::bytes_of(value, true); };
  std::string out = put(int32_t{1});
  for (const int64_t side : {3, 2, 1, 0}) out += put(static_cast<int32_t>(frames.size(side)));
  out += put(spec.type) + put(int32_t{0}) + put(spec.good);
  for (const float number : spec.spacing) out += put(number);
  for (const float number : spec.directions) out += put(number);
  for (const float number : spec.middle) out += put(number);
  out.resize(284, '\0');
  if (samples.empty()) {
    DicomSpec big;
    big.syntax = kBigEndianSyntax;
    big.pixels = frames;
    samples = dicom_samples(big);
  }
  return out + samples;
}

}  // namespace thor::test
