// SPDX-License-Identifier: Apache-2.0
#include "thor/image/format/byte_reader.h"

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <vector>

#include "thor/base/error.h"
#include "thor/image/format/bzip_stream.h"

namespace thor {
namespace {

constexpr int64_t kMostFromOneByte = 1032;  // deflate's largest ratio (https://zlib.net/zlib_tech.html)
// A block of bzip2 takes more than 32 bytes and becomes at most 900000 runs of 5 bytes, each 255 long when unpacked.
constexpr int64_t kMostFromOneBzipByte = int64_t{1} << 21;
constexpr size_t kInputBuffer = size_t{1} << 16;
constexpr Bytef kGzipStart[] = {0x1f, 0x8b};
constexpr int kZlibOrGzip = MAX_WBITS + 32;

}  // namespace

struct ByteReader::Inflation {
  explicit Inflation(int window_bits) : input(kInputBuffer) {
    if (inflateInit2(&stream, window_bits) != Z_OK) fail_input("there is no memory to unpack it");
  }
  ~Inflation() { inflateEnd(&stream); }
  Inflation(const Inflation&) = delete;
  Inflation& operator=(const Inflation&) = delete;

  z_stream stream{};
  std::vector<char> input;
  bool at_end = false;      ///< of a member
  bool one_member = false;  ///< nothing may follow
};

ByteReader::ByteReader(const std::string& path, int64_t offset, Packing packing) : file_(path, std::ios::binary) {
  std::error_code ec;
  const auto bytes = static_cast<int64_t>(std::filesystem::file_size(path, ec));
  if (!file_ || ec) fail_input("it cannot be opened");
  bytes_left_in_file_ = std::max<int64_t>(0, bytes - offset);
  if (packing == Packing::GzipOrNone) {
    char magic[2] = {0, 0};
    file_.seekg(offset);
    packing = file_.read(magic, 2) && magic[0] == '\x1f' && magic[1] == '\x8b' ? Packing::Zlib : Packing::None;
    file_.clear();
  }
  file_.seekg(std::min(offset, bytes));
  if (packing == Packing::None) return;
  if (packing == Packing::Bzip2) {
    bzip_ = std::make_unique<BzipStream>([this](char* to, size_t count) { return read_file(to, count); });
    return;
  }
  inflation_ = std::make_unique<Inflation>(packing == Packing::RawDeflate ? -MAX_WBITS : kZlibOrGzip);
  inflation_->one_member = packing == Packing::RawDeflate;
}

ByteReader::~ByteReader() = default;

int64_t ByteReader::most_bytes() const {
  if (!inflation_ && !bzip_) return bytes_left_in_file_;
  const int64_t packed = bytes_left_in_file_ + (inflation_ ? inflation_->stream.avail_in : bzip_->bytes_waiting());
  const int64_t most = inflation_ ? kMostFromOneByte : kMostFromOneBzipByte;
  return packed > std::numeric_limits<int64_t>::max() / most ? std::numeric_limits<int64_t>::max() : packed * most;
}

void ByteReader::expect_at_least(int64_t count) const {
  if (count > most_bytes())
    fail_input(
        "its header announces {} bytes of voxels, but the file can hold {} at most: it was cut, or the header is "
        "damaged",
        count, most_bytes());
}

size_t ByteReader::read_some(char* to, size_t count) {
  return inflation_ ? inflate_some(to, count) : bzip_ ? bzip_->read_some(to, count) : read_file(to, count);
}

size_t ByteReader::read_file(char* to, size_t count) {
  file_.read(to, static_cast<std::streamsize>(count));
  const auto got = static_cast<size_t>(file_.gcount());
  bytes_left_in_file_ = std::max<int64_t>(0, bytes_left_in_file_ - static_cast<int64_t>(got));
  return got;
}

/// Behind a member: another one may follow; other bytes are padding, as gzip takes them.
bool ByteReader::member_follows() {
  Inflation& in = *inflation_;
  z_stream& z = in.stream;
  if (in.one_member || z.next_in[0] != kGzipStart[0]) return false;
  if (z.avail_in == 1) {  // the second byte lies beyond what is in memory
    in.input[0] = static_cast<char>(z.next_in[0]);
    z.avail_in = 1 + static_cast<uInt>(read_file(in.input.data() + 1, in.input.size() - 1));
    z.next_in = reinterpret_cast<Bytef*>(in.input.data());
  }
  return z.avail_in > 1 && z.next_in[1] == kGzipStart[1];
}

size_t ByteReader::inflate_some(char* to, size_t count) {
  Inflation& in = *inflation_;
  z_stream& z = in.stream;
  size_t done = 0;
  while (done < count) {
    if (z.avail_in == 0) {
      z.avail_in = static_cast<uInt>(read_file(in.input.data(), in.input.size()));
      z.next_in = reinterpret_cast<Bytef*>(in.input.data());
      if (z.avail_in == 0 && in.at_end) return done;
      if (z.avail_in == 0) fail_input("the compressed data end too early");
    }
    if (in.at_end) {
      if (!member_follows()) return done;
      in.at_end = false;
      inflateReset(&z);
    }
    const size_t part = std::min<size_t>(count - done, size_t{1} << 30);
    z.next_out = reinterpret_cast<Bytef*>(to + done);
    z.avail_out = static_cast<uInt>(part);
    const int state = inflate(&z, Z_NO_FLUSH);
    done += part - z.avail_out;
    if (state == Z_STREAM_END)
      in.at_end = true;
    else if (state != Z_OK && state != Z_BUF_ERROR)
      fail_input("the compressed data are damaged");
  }
  return done;
}

void ByteReader::read(char* to, size_t count) {
  if (read_some(to, count) < count) fail_input("it ends too early: voxels are missing");
}

void ByteReader::skip(int64_t count) {
  if (!inflation_ && !bzip_) {
    if (count > bytes_left_in_file_) fail_input("it ends too early: voxels are missing");
    file_.seekg(count, std::ios::cur);
    bytes_left_in_file_ -= count;
    return;
  }
  std::vector<char> ignored(kInputBuffer);
  for (; count > 0; count -= std::min<int64_t>(count, kInputBuffer))
    read(ignored.data(), std::min<size_t>(kInputBuffer, static_cast<size_t>(count)));
}

int64_t ByteReader::check_ending() {
  if (!inflation_ && !bzip_) return bytes_left_in_file_;
  std::vector<char> ignored(kInputBuffer);
  int64_t rest = 0;
  while (const size_t got = read_some(ignored.data(), ignored.size())) rest += static_cast<int64_t>(got);
  return rest;
}

}  // namespace thor
