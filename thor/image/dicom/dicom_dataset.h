// SPDX-License-Identifier: Apache-2.0
// Private to this room. The header of a DICOM file (PS3.5, PS3.10), read here and not by GDCM: only the values that
// reading needs, with every length checked against the file, in a millisecond a file.
#pragma once
#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace thor {

/// Group and element: 0x00280010 is Rows.
using DicomTag = uint32_t;
/// Bytes before "DICM".
inline constexpr int64_t kDicomPreamble = 128;

/// Values by tag; numbers as text too, several of them separated by backslashes, palettes as bytes.
struct DicomDataset {
  std::map<DicomTag, std::string> values;
  std::map<DicomTag, std::vector<DicomDataset>> sequences;

  bool has(DicomTag tag) const;
  /// Without the padding around it; "" where it is absent.
  std::string text(DicomTag tag) const;
  /// Exactly `count` finite numbers, or none where it is absent or empty. Throws Input.
  std::vector<double> numbers(DicomTag tag, size_t count) const;
  /// One number, or `fallback` where it is absent or empty.
  double number(DicomTag tag, double fallback) const;
  int64_t integer(DicomTag tag, int64_t fallback) const;
  /// The same for what reading can do without: also `fallback` where it is no finite number.
  double number_if_any(DicomTag tag, double fallback) const;
  /// The first item of a sequence; none where there is none.
  const DicomDataset* first_of(DicomTag sequence) const;
};

/// Bytes of a file by position, through a small window.
class DicomBytes {
 public:
  explicit DicomBytes(const std::string& path);
  int64_t size() const { return size_; }
  /// Valid until the next call. Throws Input where the file ends before.
  const char* at(int64_t position, size_t count);
  /// Replaces what follows `position` by what it unpacks to (the deflated transfer syntax).
  void inflate_from(int64_t position);

 private:
  std::string path_;
  std::ifstream file_;
  int64_t size_ = 0, window_start_ = 0;
  std::string window_;
};

/// How the rest of a file is written.
struct TransferSyntax {
  const char* uid;
  const char* name;
  bool explicit_vr, big_endian, encapsulated, deflated;
};

/// None where it is not one that is read.
const TransferSyntax* transfer_syntax(const std::string& uid);

struct DicomHeader {
  const TransferSyntax* syntax = nullptr;  ///< as the file is written, whatever it says
  DicomDataset data;
  int64_t pixel_offset = -1;       ///< of the pixel data's value; -1 = it has none
  int64_t pixel_bytes = -1;        ///< -1 = of undefined length, as encapsulated ones are
  std::vector<std::string> notes;  ///< what was read though it is not as it should be; to be warned about
};

/// True where the first bytes are those of a DICOM file, with or without a preamble.
bool looks_like_dicom(const std::string& path);
/// Reads a header by what it looks like where its transfer syntax or a value representation is wrong, with a note. A
/// file that ends before its data set has none of the values. Throws Input (damaged, cut) or Unsupported (a transfer
/// syntax).
DicomHeader read_dicom_header(DicomBytes& bytes);
/// How compressed pixels are compressed, by the look of their first frame; none where that says nothing.
const TransferSyntax* syntax_of_picture(DicomBytes& bytes, int64_t pixel_offset);

}  // namespace thor
