// SPDX-License-Identifier: Apache-2.0
// Private to this room: encoding of PNG files.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace thor {

/// Big-endian samples [height,width,channels] with one or three channels of 8 or 16 bits.
struct PngPicture {
  std::vector<uint8_t> samples;
  int64_t height = 0, width = 0;
  int channels = 1, bits = 8;
};
/// Encodes samples as the bytes of a PNG file.
std::string encode_png(const PngPicture& picture);

}  // namespace thor
