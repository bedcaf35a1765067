// SPDX-License-Identifier: Apache-2.0
// Private to this room.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace thor {

/// Samples [height,width,channels], one or three channels of 8 or 16 bits, big-endian.
struct PngPicture {
  std::vector<uint8_t> samples;
  int64_t height = 0, width = 0;
  int channels = 1, bits = 8;
};
/// The bytes of a PNG file.
std::string encode_png(const PngPicture& picture);

}  // namespace thor
