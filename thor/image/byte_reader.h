// SPDX-License-Identifier: Apache-2.0
// Private to this room: the bytes of a file one after another, unpacked on the way.
#pragma once
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

namespace thor {

enum class Packing {
  None,
  Zlib,        ///< zlib or gzip, one or more members
  RawDeflate,  ///< without header or checksum, as in zip archives
  GzipOrNone,  ///< by the first two bytes
};

/// Reads a file from a place on. Messages do not name the file.
class ByteReader {
 public:
  /// Throws Input where it cannot be opened.
  explicit ByteReader(const std::string& path, int64_t offset = 0, Packing packing = Packing::None);
  ~ByteReader();

  /// Up to `count` bytes; fewer only at the end. Throws Input where packed data are damaged.
  size_t read_some(char* to, size_t count);
  /// Exactly so many. Throws Input where they end before.
  void read(char* to, size_t count);
  void skip(int64_t count);
  /// Reads what is left, so that the checksum behind packed data has been compared. Throws Input.
  void check_ending();
  /// More than this cannot follow; from the file's size and, where it is packed, deflate's largest ratio.
  int64_t most_bytes() const;
  /// Throws Input unless so many bytes could follow: to be called before memory is taken for them.
  void expect_at_least(int64_t count) const;

 private:
  struct Inflation;
  size_t inflate_some(char* to, size_t count);
  std::ifstream file_;
  int64_t bytes_left_in_file_ = 0;
  std::unique_ptr<Inflation> inflation_;  ///< none where the file is not packed
};

}  // namespace thor
