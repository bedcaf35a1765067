// SPDX-License-Identifier: Apache-2.0
// Private to this room: sequential reading of a file with decompression.
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
  RawDeflate,  ///< deflate without header and checksum, as in zip archives
  Bzip2,
  GzipOrNone,  ///< gzip if the first two bytes say so, else plain
};

/// Reads a file from an offset. Messages do not name the file.
/// One object serves one thread at a time.
class ByteReader {
 public:
  /// Throws Input if the file cannot be opened.
  explicit ByteReader(const std::string& path, int64_t offset = 0, Packing packing = Packing::None);
  ~ByteReader();

  /// Reads up to `count` bytes; fewer only at the end. Throws Input if compressed data are damaged.
  size_t read_some(char* to, size_t count);
  /// Reads exactly `count` bytes. Throws Input if the data end before.
  void read(char* to, size_t count);
  void skip(int64_t count);
  /// Reads the rest, which verifies the checksum of compressed data, and returns its number of (decompressed) bytes.
  /// Throws Input.
  int64_t check_ending();
  /// Returns an upper bound of the remaining bytes from the file size and the largest compression ratio of the method.
  int64_t most_bytes() const;
  /// Throws Input unless this number of bytes can follow. It is called before memory is allocated for them.
  void expect_at_least(int64_t count) const;

 private:
  struct Inflation;
  size_t read_file(char* to, size_t count);
  size_t inflate_some(char* to, size_t count);
  bool member_follows();
  std::ifstream file_;
  int64_t bytes_left_in_file_ = 0;
  std::unique_ptr<Inflation> inflation_;  ///< state of gzip, zlib and deflate
  std::unique_ptr<BzipStream> bzip_;
};

}  // namespace thor
