// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "thor/base/error.h"
#include "thor/image/dicom/dicom_dataset.h"
#include "thor/image/dicom/dicom_tags.h"
#include "thor/image/format/voxel_type.h"

namespace thor {
namespace {

constexpr DicomTag kItem = 0xfffee000, kItemEnd = 0xfffee00d, kSequenceEnd = 0xfffee0dd, kPixelData = 0x7fe00010,
                   kFloatPixels = 0x7fe00008, kDoublePixels = 0x7fe00009;
constexpr int64_t kUndefined = -1;
constexpr int64_t kMaxKeptBytes = 1 << 16, kMaxPaletteBytes = 1 << 17;
constexpr int64_t kMaxNumbers = 64;  // of one value
constexpr int64_t kMaxItems = 1 << 18;
constexpr int kMaxDepth = 16;
constexpr int kLookAhead = 32;              // elements
constexpr DicomTag kLastFirstGroup = 0xff;  // data sets begin with group 8, seldom with another low one

/// Value representations with a length of four bytes.
bool has_long_length(const std::string& vr) {
  static const std::string kLong = "OB OD OF OL OV OW SQ SV UC UN UR UT UV";
  return kLong.find(vr) != std::string::npos;
}
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_known_vr(const std::string& vr) {
  static const std::string kKnown =
      "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV";
  return is_upper(vr[0]) && is_upper(vr[1]) && kKnown.find(vr) != std::string::npos;
}

/// How the elements of a data set are written.
struct Form {
  bool explicit_vr, big_endian;
};
constexpr Form kForms[] = {{true, false}, {false, false}, {true, true}};
const TransferSyntax* syntax_of(const Form& form) {
  if (form.big_endian) return transfer_syntax("1.2.840.10008.1.2.2");
  return transfer_syntax(form.explicit_vr ? "1.2.840.10008.1.2.1" : "1.2.840.10008.1.2");
}

class DicomParser {
 public:
  explicit DicomParser(DicomBytes& bytes) : bytes_(bytes) {}

  DicomHeader parse() {
    DicomHeader header;
    header_ = &header;
    int64_t position = bytes_.size() >= kDicomPreamble + 4 && std::memcmp(bytes_.at(kDicomPreamble, 4), "DICM", 4) == 0
                           ? kDicomPreamble + 4
                           : 0;
    DicomDataset meta;
    position = file_meta(position, meta);
    header.syntax = syntax_said(meta);
    if (position + 8 > bytes_.size()) {
      if (!header.syntax) header.syntax = syntax_of({true, false});
      return header;
    }
    look_at(position, header);
    if (header.syntax->deflated) {
      bytes_.inflate_from(position);
      form_ = {true, false};
    }
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
    if (form_.big_endian != is_big_endian()) std::reverse(raw, raw + sizeof(T));
    T value;
    std::memcpy(&value, raw, sizeof(T));
    return value;
  }

  DicomTag tag_at(int64_t position) {
    return DicomTag{number<uint16_t>(position)} << 16 | number<uint16_t>(position + 2);
  }
  std::string vr_at(int64_t position) { return {bytes_.at(position + 4, 2), 2}; }

  void note(const std::string& text) {
    std::vector<std::string>& notes = header_->notes;
    if (std::find(notes.begin(), notes.end(), text) == notes.end()) notes.push_back(text);
  }

  /// Group 2 is explicit little endian whatever follows.
  int64_t file_meta(int64_t position, DicomDataset& meta) {
    form_ = {true, false};
    while (position + 8 <= bytes_.size() && number<uint16_t>(position) == 2) {
      const Element element = element_at(position, bytes_.size());
      position = take(element, bytes_.size(), 0, &meta);
    }
    return position;
  }

  /// None where the file does not say, as those from before the file format.
  static const TransferSyntax* syntax_said(const DicomDataset& meta) {
    const std::string uid = meta.text(dicom::kTransferSyntax);
    const TransferSyntax* syntax = transfer_syntax(uid);
    if (!syntax && !uid.empty())
      fail(ErrorKind::Unsupported,
           "its transfer syntax {} is not read; convert it, for example with dcmdjpeg or gdcmconv --raw", uid);
    return syntax;
  }

  /// Sets how the data set is written: as the transfer syntax says, unless its first element looks otherwise.
  void look_at(int64_t position, DicomHeader& header) {
    const TransferSyntax* said = header.syntax;
    const Form form = said && !said->deflated ? Form{said->explicit_vr, said->big_endian} : kForms[0];
    // Compressed bytes look like nothing; where they do begin as a data set does, nothing is compressed.
    const bool as_said = said && (said->deflated ? !begins_as(form, position) : begins_as(form, position));
    form_ = form;
    if (as_said) return;
    for (const Form& other : kForms)
      if (begins_as(other, position)) {
        form_ = other;
        if (said)
          note(fmt::format("its transfer syntax (0002,0010) says {}, but it is written as {}; read as it is written",
                           said->name, syntax_of(other)->name));
        if (!said || !said->encapsulated) header.syntax = syntax_of(other);
        return;
      }
    form_ = form;
    if (!said) header.syntax = syntax_of(form_ = is_upper(vr_at(position)[0]) ? kForms[0] : kForms[1]);
  }

  /// True where an element of that form could begin a data set here.
  bool begins_as(const Form& form, int64_t position) {
    form_ = form;
    const DicomTag tag = tag_at(position);
    const std::string vr = vr_at(position);
    if (tag >> 16 < 4 || tag >> 16 > kLastFirstGroup || form.explicit_vr != is_known_vr(vr)) return false;
    const bool wide = form.explicit_vr && has_long_length(vr);
    if (wide && position + 12 > bytes_.size()) return false;
    const int64_t value = position + (wide ? 12 : 8);
    const int64_t length = wide               ? number<uint32_t>(position + 8)
                           : form.explicit_vr ? number<uint16_t>(position + 6)
                                              : number<uint32_t>(position + 4);
    if (length > bytes_.size() - value) return wide && length == 0xffffffff;
    const int64_t next = value + length;
    return next + 8 > bytes_.size() || tag_at(next) > tag;
  }

  Element element_at(int64_t position, int64_t end) {
    Element element;
    element.tag = tag_at(position);
    uint32_t length = 0;
    if (element.tag >> 16 == 0xfffe || !form_.explicit_vr) {
      length = number<uint32_t>(position + 4);
      element.value = position + 8;
    } else {
      element.vr = vr_at(position);
      if (!is_upper(element.vr[0]) || !is_upper(element.vr[1])) return odd_element(position, end);
      const bool wide = has_long_length(element.vr);
      length = wide ? number<uint32_t>(position + 8) : number<uint16_t>(position + 6);
      element.value = position + (wide ? 12 : 8);
    }
    element.length = length == 0xffffffffu ? kUndefined : int64_t{length};
    return element;
  }

  /// How elements without a value representation are written.
  enum class Odd { Implicit, ShortLength, LongLength };
  Element odd_element_of(Odd how, int64_t position) {
    Element element;
    element.tag = tag_at(position);
    const uint32_t length = how == Odd::Implicit      ? number<uint32_t>(position + 4)
                            : how == Odd::ShortLength ? number<uint16_t>(position + 6)
                                                      : number<uint32_t>(position + 8);
    element.value = position + (how == Odd::LongLength ? 12 : 8);
    element.length = length == 0xffffffffu ? kUndefined : int64_t{length};
    if (element.length == kUndefined) element.vr = "UN";  // its items are implicit, too
    return element;
  }

  /// Some programs copy private elements from implicit files into explicit ones as they were, or leave the value
  /// representation blank. What follows an element tells how long it is.
  Element odd_element(int64_t position, int64_t end) {
    for (const Odd how : {Odd::Implicit, Odd::ShortLength, Odd::LongLength})
      if (is_followed_well(how, position, end)) {
        note(
            "elements without a value representation are in its header; how long they are follows from what comes "
            "next");
        return odd_element_of(how, position);
      }
    fail_input(
        "its DICOM header is damaged at byte {}: ({:04x},{:04x}) has no value representation; if its transfer syntax "
        "(0002,0010) is wrong, correct it",
        position, tag_at(position) >> 16, tag_at(position) & 0xffff);
  }

  bool is_followed_well(Odd how, int64_t position, int64_t end) {
    for (int looked = 0; looked < kLookAhead; ++looked) {
      if (how == Odd::LongLength && end - position < 12) return false;
      const Element element = odd_element_of(how, position);
      const int64_t room = end - element.value;
      if (element.length == kUndefined)
        return room >= 8 && (tag_at(element.value) == kItem || tag_at(element.value) == kSequenceEnd);
      if (element.length > room) return false;
      position = element.value + element.length;
      if (end - position < 8) return true;
      const DicomTag next = tag_at(position);
      if (next == kItemEnd) return true;
      if (next <= element.tag) return false;
      if (is_known_vr(vr_at(position))) return true;
    }
    return true;
  }

  /// Elements up to `end` or the end of an item of undefined length; `into` null: passed over. Returns where it ended.
  int64_t dataset(int64_t position, int64_t end, int depth, DicomDataset* into) {
    if (depth > kMaxDepth) fail_input("its DICOM header is damaged: sequences in sequences without end");
    // Some files end in a few stray bytes.
    while (position + 8 <= end) {
      const Element element = element_at(position, end);
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
    using dicom::Kind;
    const dicom::KeptTag* kept = into ? dicom::kept_tag(element.tag) : nullptr;
    if (kept && kept->kind == Kind::Sequence) return items(element, end, depth, &into->sequences[element.tag]);
    if (element.length == kUndefined) return items(element, end, depth, nullptr);
    if (element.length > end - element.value) fail_input("the DICOM file ends too early: it was cut or is damaged");
    if (kept && element.length > (kept->kind == Kind::Bytes ? kMaxPaletteBytes : kMaxKeptBytes))
      fail_input("its DICOM header is damaged: a value of {} bytes", element.length);
    if (kept) into->values[element.tag] = value_of(element, kept->kind);
    return element.value + element.length;
  }

  std::string value_of(const Element& element, dicom::Kind kind) {
    using dicom::Kind;
    const auto length = static_cast<size_t>(element.length);
    switch (kind) {
      case Kind::Short:
        return numbers_of<uint16_t>(element, 1);
      case Kind::Shorts:
        return numbers_of<uint16_t>(element, kMaxNumbers);
      case Kind::Long:
        return numbers_of<uint32_t>(element, kMaxNumbers);
      case Kind::Float:
        return numbers_of<float>(element, 1);
      case Kind::Double:
        return numbers_of<double>(element, kMaxNumbers);
      default:
        return {bytes_.at(element.value, length), length};
    }
  }

  template <class T>
  std::string numbers_of(const Element& element, int64_t most) {
    const int64_t count = std::min(most, element.length / static_cast<int64_t>(sizeof(T)));
    std::string text;
    for (int64_t i = 0; i < count; ++i)
      text += fmt::format("{}{}", i == 0 ? "" : "\\", number<T>(element.value + i * static_cast<int64_t>(sizeof(T))));
    return text;
  }

  /// Items of a sequence, or fragments of pixels; `into` null: passed over. Returns where they ended.
  int64_t items(const Element& sequence, int64_t end, int depth, std::vector<DicomDataset>* into) {
    const bool was_explicit = form_.explicit_vr;
    int64_t position = sequence.value;
    if (sequence.length != kUndefined) {
      if (sequence.length > end - position) fail_input("the DICOM file ends too early: it was cut or is damaged");
      end = position + sequence.length;
    }
    while (position + 8 <= end) {
      const Element item = element_at(position, end);
      position = item.value;
      if (item.tag == kSequenceEnd) break;
      if (item.tag != kItem) fail_input("its DICOM header is damaged at byte {}", position);
      if (item.length != kUndefined && item.length > end - position)
        fail_input("the DICOM file ends too early: it was cut or is damaged");
      if (into && ++items_ > kMaxItems) fail_input("its DICOM header is damaged: more than {} items", kMaxItems);
      if (into) into->emplace_back();
      const int64_t item_end = item.length == kUndefined ? end : position + item.length;
      // CP-246: a sequence of unknown representation is written implicitly; not every program knows.
      if (sequence.vr == "UN")
        form_.explicit_vr = was_explicit && item_end - position >= 8 && is_known_vr(vr_at(position));
      position = into || item.length == kUndefined
                     ? dataset(position, item_end, depth + 1, into ? &into->back() : nullptr)
                     : item_end;
    }
    form_.explicit_vr = was_explicit;
    return sequence.length == kUndefined ? position : end;
  }

  DicomBytes& bytes_;
  DicomHeader* header_ = nullptr;
  Form form_ = kForms[0];
  int64_t items_ = 0;
};

}  // namespace

DicomHeader read_dicom_header(DicomBytes& bytes) { return DicomParser(bytes).parse(); }

}  // namespace thor
