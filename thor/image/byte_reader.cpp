// SPDX-License-Identifier: Apache-2.0
#include "thor/image/byte_reader.h"

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <vector>

#include "thor/base/error.h"

namespace thor {
namespace {

constexpr int64_t kMostFromOneByte = 1032;  // deflate's largest ratio (https://zlib.net/zlib_tech.html)
constexpr size_t kInputBuffer = size_t{1} << 16;
constexpr Bytef kGzipStart = 0x1f;
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
  inflation_ = std::make_unique<Inflation>(packing == Packing::RawDeflate ? -MAX_WBITS : kZlibOrGzip);
  inflation_->one_member = packing == Packing::RawDeflate;
}

ByteReader::~ByteReader() = default;

int64_t ByteReader::most_bytes() const {
  if (!inflation_) return bytes_left_in_file_;
  const int64_t packed = bytes_left_in_file_ + inflation_->stream.avail_in;
  return packed > std::numeric_limits<int64_t>::max() / kMostFromOneByte ? std::numeric_limits<int64_t>::max()
                                                                         : packed * kMostFromOneByte;
}

void ByteReader::expect_at_least(int64_t count) const {
  if (count > most_bytes())
    fail_input(
        "its header announces {} bytes of voxels, but the file can hold {} at most: it was cut, or the header is "
        "damaged",
        count, most_bytes());
}

size_t ByteReader::read_some(char* to, size_t count) {
  if (inflation_) return inflate_some(to, count);
  file_.read(to, static_cast<std::streamsize>(count));
  const auto got = static_cast<size_t>(file_.gcount());
  bytes_left_in_file_ = std::max<int64_t>(0, bytes_left_in_file_ - static_cast<int64_t>(got));
  return got;
}

size_t ByteReader::inflate_some(char* to, size_t count) {
  Inflation& in = *inflation_;
  z_stream& z = in.stream;
  size_t done = 0;
  while (done < count) {
    if (z.avail_in == 0) {
      file_.read(in.input.data(), static_cast<std::streamsize>(in.input.size()));
      z.next_in = reinterpret_cast<Bytef*>(in.input.data());
      z.avail_in = static_cast<uInt>(file_.gcount());
      bytes_left_in_file_ = std::max<int64_t>(0, bytes_left_in_file_ - static_cast<int64_t>(file_.gcount()));
      if (z.avail_in == 0 && in.at_end) return done;
      if (z.avail_in == 0) fail_input("the compressed data end too early");
    }
    if (in.at_end) {
      // Another gzip member may follow; other bytes are padding, as gzip takes them.
      if (in.one_member || *z.next_in != kGzipStart) return done;
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
  if (!inflation_) {
    if (count > bytes_left_in_file_) fail_input("it ends too early: voxels are missing");
    file_.seekg(count, std::ios::cur);
    bytes_left_in_file_ -= count;
    return;
  }
  std::vector<char> ignored(kInputBuffer);
  for (; count > 0; count -= std::min<int64_t>(count, kInputBuffer))
    read(ignored.data(), std::min<size_t>(kInputBuffer, static_cast<size_t>(count)));
}

void ByteReader::check_ending() {
  if (!inflation_) return;
  std::vector<char> ignored(kInputBuffer);
  while (!inflation_->at_end && read_some(ignored.data(), ignored.size()) > 0) {
  }
}

}  // namespace thor
