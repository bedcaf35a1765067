// SPDX-License-Identifier: Apache-2.0
// Private to this room: the header of a DICOM file (PS3.5, PS3.10). It is parsed here and not by GDCM, restricted to
// the required values, and every length is checked against the file.
#pragma once
#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace thor {

/// A tag, group and element: 0x00280010 is Rows.
using DicomTag = uint32_t;
/// The length of the preamble before "DICM", bytes.
inline constexpr int64_t kDicomPreamble = 128;

/// Values by tag. Numbers are stored as text, several of them separated by backslashes, and palettes as bytes.
struct DicomDataset {
  std::map<DicomTag, std::string> values;
  std::map<DicomTag, std::vector<DicomDataset>> sequences;

  bool has(DicomTag tag) const;
  /// Returns a text without padding; "" if it is absent.
  std::string text(DicomTag tag) const;
  /// Returns exactly `count` finite numbers, or none if it is absent or empty. Throws Input.
  std::vector<double> numbers(DicomTag tag, size_t count) const;
  /// Returns one number, or `fallback` if it is absent or empty.
  double number(DicomTag tag, double fallback) const;
  int64_t integer(DicomTag tag, int64_t fallback) const;
  /// Returns one optional number, or `fallback` if it is absent, empty or not finite.
  double number_if_any(DicomTag tag, double fallback) const;
  /// Returns the first item of a sequence, if there is one.
  const DicomDataset* first_of(DicomTag sequence) const;
};

/// Random access to the bytes of a file through a small window.
class DicomBytes {
 public:
  explicit DicomBytes(const std::string& path);
  int64_t size() const { return size_; }
  /// Returns bytes that are valid until the next call. Throws Input beyond the end of the file.
  const char* at(int64_t position, size_t count);
  /// Replaces the bytes from `position` on by their inflated content (deflated transfer syntax).
  void inflate_from(int64_t position);

 private:
  std::string path_;
  std::ifstream file_;
  int64_t size_ = 0, window_start_ = 0;
  std::string window_;
};

/// The encoding of the data set after the file header.
struct TransferSyntax {
  const char* uid;
  const char* name;
  bool explicit_vr, big_endian, encapsulated, deflated;
};

/// Returns the transfer syntax of a UID, none if it is not supported.
const TransferSyntax* transfer_syntax(const std::string& uid);

struct DicomHeader {
  const TransferSyntax* syntax = nullptr;  ///< actual encoding of the file, which may differ from the declared one
  DicomDataset data;
  int64_t pixel_offset = -1;       ///< position of the pixel data, bytes; -1 = none
  int64_t pixel_bytes = -1;        ///< length of the pixel data; -1 = undefined (encapsulated)
  std::vector<std::string> notes;  ///< tolerated irregularities, for warnings
};

/// Returns true if the first bytes are those of a DICOM file, with or without a preamble.
bool looks_like_dicom(const std::string& path);
/// Reads a header. If the declared transfer syntax or a value representation is wrong, the encoding is inferred, with a
/// note. A file that ends before its data set has no values. Throws Input (damaged, truncated) or Unsupported (transfer
/// syntax).
DicomHeader read_dicom_header(DicomBytes& bytes);
/// Infers the compression of pixels from their first frame; none if it is not recognized.
const TransferSyntax* syntax_of_picture(DicomBytes& bytes, int64_t pixel_offset);

}  // namespace thor
