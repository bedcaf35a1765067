// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "thor/base/error.h"
#include "thor/image/dicom_dataset.h"
#include "thor/image/samples.h"

namespace thor {
namespace {

constexpr TransferSyntax kSyntaxes[] = {
    {"1.2.840.10008.1.2", "implicit little endian", false, false, false, false},
    {"1.2.840.10008.1.2.1", "explicit little endian", true, false, false, false},
    {"1.2.840.10008.1.2.1.99", "deflated explicit little endian", true, false, false, true},
    {"1.2.840.10008.1.2.2", "explicit big endian", true, true, false, false},
    {"1.2.840.10008.1.2.4.50", "JPEG baseline", true, false, true, false},
    {"1.2.840.10008.1.2.4.51", "JPEG extended", true, false, true, false},
    {"1.2.840.10008.1.2.4.57", "JPEG lossless", true, false, true, false},
    {"1.2.840.10008.1.2.4.70", "JPEG lossless", true, false, true, false},
    {"1.2.840.10008.1.2.4.80", "JPEG-LS lossless", true, false, true, false},
    {"1.2.840.10008.1.2.4.81", "JPEG-LS", true, false, true, false},
    {"1.2.840.10008.1.2.4.90", "JPEG 2000 lossless", true, false, true, false},
    {"1.2.840.10008.1.2.4.91", "JPEG 2000", true, false, true, false},
    {"1.2.840.10008.1.2.5", "RLE", true, false, true, false},
};
constexpr const TransferSyntax* kImplicit = &kSyntaxes[0];
constexpr const TransferSyntax* kExplicit = &kSyntaxes[1];

enum class Kind { Text, Short, Sequence };
/// What is kept of a header, and how it is written where the file does not say.
const std::map<DicomTag, Kind>& kept_tags() {
  static const std::map<DicomTag, Kind> tags = {
      {0x00020010, Kind::Text},     {0x00080008, Kind::Text},     {0x00080016, Kind::Text},
      {0x00080018, Kind::Text},     {0x00080060, Kind::Text},     {0x0008103e, Kind::Text},
      {0x00180050, Kind::Text},     {0x00180088, Kind::Text},     {0x00181164, Kind::Text},
      {0x0020000d, Kind::Text},     {0x0020000e, Kind::Text},     {0x00200011, Kind::Text},
      {0x00200013, Kind::Text},     {0x00200032, Kind::Text},     {0x00200037, Kind::Text},
      {0x00200052, Kind::Text},     {0x00280002, Kind::Short},    {0x00280004, Kind::Text},
      {0x00280006, Kind::Short},    {0x00280008, Kind::Text},     {0x00280010, Kind::Short},
      {0x00280011, Kind::Short},    {0x00280030, Kind::Text},     {0x00280100, Kind::Short},
      {0x00280101, Kind::Short},    {0x00280102, Kind::Short},    {0x00280103, Kind::Short},
      {0x00281052, Kind::Text},     {0x00281053, Kind::Text},     {0x52009229, Kind::Sequence},
      {0x52009230, Kind::Sequence}, {0x00209113, Kind::Sequence}, {0x00209116, Kind::Sequence},
      {0x00289110, Kind::Sequence}, {0x00289145, Kind::Sequence}, {0x00283000, Kind::Sequence},
  };
  return tags;
}

constexpr DicomTag kItem = 0xfffee000, kItemEnd = 0xfffee00d, kSequenceEnd = 0xfffee0dd, kPixelData = 0x7fe00010,
                   kFloatPixels = 0x7fe00008, kDoublePixels = 0x7fe00009;
constexpr int64_t kUndefined = -1;
constexpr int64_t kMaxKeptBytes = 1 << 16;
constexpr int64_t kMaxItems = 1 << 18;
constexpr int kMaxDepth = 16;
constexpr int64_t kPreamble = 128;

/// Value representations with a length of four bytes.
bool has_long_length(const std::string& vr) {
  static const std::string kLong = "OB OD OF OL OV OW SQ SV UC UN UR UT UV";
  return kLong.find(vr) != std::string::npos;
}
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

class DicomParser {
 public:
  explicit DicomParser(DicomBytes& bytes) : bytes_(bytes) {}

  DicomHeader parse() {
    DicomHeader header;
    int64_t position =
        bytes_.size() >= kPreamble + 4 && std::memcmp(bytes_.at(kPreamble, 4), "DICM", 4) == 0 ? kPreamble + 4 : 0;
    DicomDataset meta;
    position = file_meta(position, meta);
    header.syntax = syntax_of(meta, position);
    if (header.syntax->deflated) bytes_.inflate_from(position);
    explicit_ = header.syntax->explicit_vr;
    big_ = header.syntax->big_endian;
    header_ = &header;
    dataset(position, bytes_.size(), 0, &header.data);
    return header;
  }

 private:
  struct Element {
    DicomTag tag = 0;
    std::string vr;
    int64_t length = 0, value = 0;
  };

  template <class T>
  T number(int64_t position) {
    char raw[sizeof(T)];
    std::memcpy(raw, bytes_.at(position, sizeof(T)), sizeof(T));
    if (big_ != is_big_endian()) std::reverse(raw, raw + sizeof(T));
    T value;
    std::memcpy(&value, raw, sizeof(T));
    return value;
  }

  /// Group 2 is explicit little endian whatever follows.
  int64_t file_meta(int64_t position, DicomDataset& meta) {
    explicit_ = true;
    while (position + 8 <= bytes_.size() && number<uint16_t>(position) == 2) {
      const Element element = element_at(position);
      position = take(element, bytes_.size(), 0, &meta);
    }
    return position;
  }

  const TransferSyntax* syntax_of(const DicomDataset& meta, int64_t position) {
    const std::string uid = meta.text(0x00020010);
    if (uid.empty()) {
      // Files from before the file format: nothing says it but the look of the first element.
      const char* first = bytes_.at(position, 8);
      return is_upper(first[4]) && is_upper(first[5]) ? kExplicit : kImplicit;
    }
    for (const TransferSyntax& syntax : kSyntaxes)
      if (uid == syntax.uid) return &syntax;
    fail(ErrorKind::Unsupported,
         "its transfer syntax {} is not read; convert it, for example with dcmdjpeg or gdcmconv --raw", uid);
  }

  Element element_at(int64_t position) {
    Element element;
    const DicomTag group = number<uint16_t>(position);
    element.tag = group << 16 | number<uint16_t>(position + 2);
    uint32_t length = 0;
    if (group == 0xfffe || !explicit_) {
      length = number<uint32_t>(position + 4);
      element.value = position + 8;
    } else {
      element.vr.assign(bytes_.at(position + 4, 2), 2);
      if (!is_upper(element.vr[0]) || !is_upper(element.vr[1]))
        fail_input("its DICOM header is damaged at byte {}", position);
      const bool wide = has_long_length(element.vr);
      length = wide ? number<uint32_t>(position + 8) : number<uint16_t>(position + 6);
      element.value = position + (wide ? 12 : 8);
    }
    element.length = length == 0xffffffffu ? kUndefined : int64_t{length};
    return element;
  }

  /// Elements up to `end` or the end of an item of undefined length; `into` null: passed over. Returns where it ended.
  int64_t dataset(int64_t position, int64_t end, int depth, DicomDataset* into) {
    if (depth > kMaxDepth) fail_input("its DICOM header is damaged: sequences in sequences without end");
    // Some files end in a few stray bytes.
    while (position + 8 <= end) {
      const Element element = element_at(position);
      if (element.tag == kItemEnd) return element.value;
      if (depth == 0 && (element.tag == kFloatPixels || element.tag == kDoublePixels))
        fail(ErrorKind::Unsupported, "its pixels are floats (a parametric map); convert it to NIfTI");
      if (depth == 0 && element.tag == kPixelData) {
        header_->pixel_offset = element.value;
        header_->pixel_bytes = element.length;
        return end;
      }
      position = take(element, end, depth, into);
    }
    return end;
  }

  int64_t take(const Element& element, int64_t end, int depth, DicomDataset* into) {
    const auto kept = kept_tags().find(element.tag);
    const bool keep = into && kept != kept_tags().end();
    if (keep && kept->second == Kind::Sequence) return items(element, end, depth, &into->sequences[element.tag]);
    if (element.length == kUndefined) return items(element, end, depth, nullptr);
    if (element.length > end - element.value) fail_input("the DICOM file ends too early: it was cut or is damaged");
    if (keep && element.length > kMaxKeptBytes)
      fail_input("its DICOM header is damaged: a value of {} bytes", element.length);
    if (keep) into->values[element.tag] = value_of(element, kept->second);
    return element.value + element.length;
  }

  std::string value_of(const Element& element, Kind kind) {
    const auto length = static_cast<size_t>(element.length);
    if (kind == Kind::Text) return {bytes_.at(element.value, length), length};
    return length < 2 ? "" : std::to_string(number<uint16_t>(element.value));
  }

  /// Items of a sequence, or fragments of pixels; `into` null: passed over. Returns where they ended.
  int64_t items(const Element& sequence, int64_t end, int depth, std::vector<DicomDataset>* into) {
    const bool was_explicit = explicit_;
    // CP-246: a sequence of unknown representation is written implicitly.
    if (sequence.vr == "UN") explicit_ = false;
    int64_t position = sequence.value;
    if (sequence.length != kUndefined) {
      if (sequence.length > end - position) fail_input("the DICOM file ends too early: it was cut or is damaged");
      end = position + sequence.length;
    }
    while (position + 8 <= end) {
      const Element item = element_at(position);
      position = item.value;
      if (item.tag == kSequenceEnd) break;
      if (item.tag != kItem) fail_input("its DICOM header is damaged at byte {}", position);
      if (item.length != kUndefined && item.length > end - position)
        fail_input("the DICOM file ends too early: it was cut or is damaged");
      if (into && ++items_ > kMaxItems) fail_input("its DICOM header is damaged: more than {} items", kMaxItems);
      if (into) into->emplace_back();
      const int64_t item_end = item.length == kUndefined ? end : position + item.length;
      position = into || item.length == kUndefined
                     ? dataset(position, item_end, depth + 1, into ? &into->back() : nullptr)
                     : item_end;
    }
    explicit_ = was_explicit;
    return sequence.length == kUndefined ? position : end;
  }

  DicomBytes& bytes_;
  DicomHeader* header_ = nullptr;
  bool explicit_ = true, big_ = false;
  int64_t items_ = 0;
};

}  // namespace

bool looks_like_dicom(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char head[kPreamble + 4] = {};
  file.read(head, sizeof head);
  if (file.gcount() == sizeof head && std::memcmp(head + kPreamble, "DICM", 4) == 0) return true;
  // Without a preamble: an element of group 2 or 8 comes first, explicit or of a sensible length.
  const auto byte = [&](int i) { return static_cast<unsigned char>(head[i]); };
  const bool group = (byte(0) == 2 || byte(0) == 8) && byte(1) == 0 && byte(3) == 0 && byte(2) <= 0x18;
  const bool form = (is_upper(head[4]) && is_upper(head[5])) || (byte(5) == 0 && byte(6) == 0 && byte(7) == 0);
  return file.gcount() > kPreamble && group && form;
}

DicomHeader read_dicom_header(DicomBytes& bytes) { return DicomParser(bytes).parse(); }

}  // namespace thor
