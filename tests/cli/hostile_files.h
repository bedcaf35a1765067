// SPDX-License-Identifier: Apache-2.0
// Files that no program should trust.
#pragma once
#include <cstdint>
#include <string>

namespace thor::test {

inline std::string little_endian(uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

/// A safetensors file with this header and that many bytes of zeros.
inline std::string safetensors_bytes(const std::string& header, size_t data) {
  return little_endian(header.size()) + header + std::string(data, '\0');
}

/// A legacy PyTorch file whose pickle calls os.system("touch pwned").
inline std::string evil_pickle() {
  using namespace std::string_literals;
  const std::string magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s;
  const std::string protocol = "\x80\x02M\xe9\x03."s, machine = "\x80\x02}."s;
  const std::string call = "\x80\x02"s + "cos\nsystem\nX\x0b\x00\x00\x00touch pwned\x85R."s;
  return magic + protocol + machine + call;
}

/// The first bytes of a PNG that says it is `side` x `side`; what they announce is not there.
inline std::string png_header(uint32_t side) {
  const auto big_endian = [](uint32_t v) {
    return std::string{static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
                       static_cast<char>(v)};
  };
  const std::string chunk = "IHDR" + big_endian(side) + big_endian(side) + std::string("\x08\0\0\0\0", 5);
  uint32_t crc = 0xffffffff;
  for (const unsigned char c : chunk) {
    crc ^= c;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return "\x89PNG\r\n\x1a\n" + big_endian(13) + chunk + big_endian(~crc) + big_endian(0) + "IDAT";
}

}  // namespace thor::test
