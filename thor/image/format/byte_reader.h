// SPDX-License-Identifier: Apache-2.0
// Private to this room: the bytes of a file one after another, unpacked on the way.
#pragma once
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

namespace thor {

class BzipStream;

enum class Packing {
  None,
  Zlib,        ///< zlib or gzip, one or more members
  RawDeflate,  ///< without header or checksum, as in zip archives
  Bzip2,
  GzipOrNone,  ///< by the first two bytes
};

/// Reads a file from a place on. Messages do not name the file.
/// One object serves one thread at a time.
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
  /// Reads what is left, so that the checksum behind packed data has been compared, and returns how many (unpacked)
  /// bytes that were. Throws Input.
  int64_t check_ending();
  /// More than this cannot follow; from the file's size and, where it is packed, the largest ratio of the method.
  int64_t most_bytes() const;
  /// Throws Input unless so many bytes could follow: to be called before memory is taken for them.
  void expect_at_least(int64_t count) const;

 private:
  struct Inflation;
  size_t read_file(char* to, size_t count);
  size_t inflate_some(char* to, size_t count);
  bool member_follows();
  std::ifstream file_;
  int64_t bytes_left_in_file_ = 0;
  std::unique_ptr<Inflation> inflation_;  ///< of gzip, zlib and deflate
  std::unique_ptr<BzipStream> bzip_;
};

}  // namespace thor
