// SPDX-License-Identifier: Apache-2.0
// How DICOM files are written: transfer syntaxes by their UID, and by what the bytes look like.
#include <algorithm>
#include <cstring>

#include "thor/base/error.h"
#include "thor/image/dicom/dicom_dataset.h"

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
constexpr int64_t kPictureHead = 1 << 16;
constexpr uint32_t kItemOfPixels = 0xe000fffe;

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

uint32_t number_of_bytes(const std::string& bytes, size_t position) {
  uint32_t number = 0;
  for (size_t i = 4; i > 0; --i) number = number << 8 | static_cast<unsigned char>(bytes[position + i - 1]);
  return number;
}

/// The first bytes of the first frame: what follows the table of offsets. "" where the pixels are not in pieces.
std::string head_of_picture(DicomBytes& bytes, int64_t position) {
  for (const bool is_table : {true, false}) {
    if (position + 8 > bytes.size()) return "";
    const std::string item(bytes.at(position, 8), 8);
    const int64_t length = number_of_bytes(item, 4);
    position += 8;
    if (number_of_bytes(item, 0) != kItemOfPixels || length > bytes.size() - position) return "";
    if (is_table)
      position += length;
    else
      return {bytes.at(position, static_cast<size_t>(std::min(length, kPictureHead))),
              static_cast<size_t>(std::min(length, kPictureHead))};
  }
  return "";
}

/// The kind of a JPEG by its frame header (ISO 10918-1 table B.1, ISO 14495-1); none before it is found.
const char* uid_of_jpeg(const std::string& head) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(head[i]); };
  for (size_t at = 2; at + 4 <= head.size() && byte(at) == 0xff;) {
    const int marker = byte(at + 1);
    if (marker == 0xc0) return "1.2.840.10008.1.2.4.50";
    if (marker == 0xc1) return "1.2.840.10008.1.2.4.51";
    if (marker == 0xc3) return "1.2.840.10008.1.2.4.70";
    if (marker == 0xf7) return "1.2.840.10008.1.2.4.80";
    at += marker == 0xff ? 1 : 2 + static_cast<size_t>(byte(at + 2) << 8 | byte(at + 3));
  }
  return nullptr;
}

/// PS3.5 G.5: up to 15 segments, the first behind the header, no places of others.
bool looks_like_run_lengths(const std::string& head) {
  if (head.size() < 64) return false;
  const uint32_t segments = number_of_bytes(head, 0);
  if (segments < 1 || segments > 15 || number_of_bytes(head, 4) != 64) return false;
  for (size_t i = segments; i < 15; ++i)
    if (number_of_bytes(head, 4 + 4 * i) != 0) return false;
  return true;
}

}  // namespace

const TransferSyntax* transfer_syntax(const std::string& uid) {
  for (const TransferSyntax& syntax : kSyntaxes)
    if (uid == syntax.uid) return &syntax;
  return nullptr;
}

const TransferSyntax* syntax_of_picture(DicomBytes& bytes, int64_t pixel_offset) {
  const std::string head = head_of_picture(bytes, pixel_offset);
  const auto starts_with = [&](const char* magic, size_t count) { return head.compare(0, count, magic, count) == 0; };
  const char* uid = nullptr;
  if (starts_with("\xff\xd8\xff", 3)) uid = uid_of_jpeg(head);
  if (starts_with("\xff\x4f\xff\x51", 4) || starts_with("\0\0\0\x0cjP  ", 8)) uid = "1.2.840.10008.1.2.4.90";
  if (looks_like_run_lengths(head)) uid = "1.2.840.10008.1.2.5";
  return uid ? transfer_syntax(uid) : nullptr;
}

bool looks_like_dicom(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char head[kDicomPreamble + 4] = {};
  file.read(head, sizeof head);
  if (file.gcount() == sizeof head && std::memcmp(head + kDicomPreamble, "DICM", 4) == 0) return true;
  // Without a preamble: an element of group 2 or 8 comes first, explicit or of a sensible length.
  const auto byte = [&](int i) { return static_cast<unsigned char>(head[i]); };
  const bool group = (byte(0) == 2 || byte(0) == 8) && byte(1) == 0 && byte(3) == 0 && byte(2) <= 0x18;
  const bool form = (is_capital(head[4]) && is_capital(head[5])) || (byte(5) == 0 && byte(6) == 0 && byte(7) == 0);
  return file.gcount() > kDicomPreamble && group && form;
}

}  // namespace thor
