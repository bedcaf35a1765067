// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include "thor/base/error.h"

namespace thor {

/// Reads little-endian numbers and texts sequentially from bytes in memory. Throws Input beyond the end.
/// One object serves one thread at a time.
class MemoryReader {
 public:
  MemoryReader(const uint8_t* data, uint64_t size, uint64_t position = 0) : data_(data), size_(size) { seek(position); }

  uint64_t position() const { return position_; }
  uint64_t remaining() const { return size_ - position_; }
  void seek(uint64_t position) {
    if (position > size_) fail_input("damaged or cut short: byte {} of {} is asked for", position, size_);
    position_ = position;
  }
  void skip(uint64_t count) { take(count); }

  template <class T>
  T read() {
    static_assert(std::is_arithmetic<T>::value, "numbers only");
    T value;
    std::memcpy(&value, take(sizeof value), sizeof value);
    return value;
  }
  std::string text(uint64_t length) {
    const uint8_t* start = take(length);
    return std::string(reinterpret_cast<const char*>(start), length);
  }
  /// Reads up to the next newline, which is consumed and not part of the result.
  std::string line() {
    const void* end = remaining() ? std::memchr(data_ + position_, '\n', remaining()) : nullptr;
    if (!end) fail_input("damaged or cut short: a line without an end");
    std::string result = text(static_cast<uint64_t>(static_cast<const uint8_t*>(end) - (data_ + position_)));
    skip(1);
    return result;
  }

 private:
  const uint8_t* take(uint64_t count) {
    if (count > remaining())
      fail_input("damaged or cut short: {} bytes are needed at byte {}, there are {}", count, position_, remaining());
    position_ += count;
    return data_ + position_ - count;
  }

  const uint8_t* data_;
  uint64_t size_, position_ = 0;
};

}  // namespace thor
