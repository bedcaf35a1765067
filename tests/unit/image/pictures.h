// SPDX-License-Identifier: Apache-2.0
// Small files of every format, made byte by byte or with the format's own library, so that nothing is committed.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/image/image.h"

namespace thor::test {

void write_bytes(const std::string& path, const std::string& bytes);
std::string read_bytes(const std::string& path);

/// Gray [H,W] or RGB [H,W,3] bytes as a baseline JPEG of quality 95.
std::string jpeg_of(const at::Tensor& bytes);

/// What a little-endian, uncompressed, one-strip TIFF holds.
struct TiffPage {
  uint16_t width = 0, height = 0, bits = 8, channels = 1;
  uint16_t format = 1;   ///< 1 unsigned, 2 signed, 3 float
  uint16_t colours = 1;  ///< 0 white is zero, 1 black is zero, 2 RGB
  std::string samples;
};
std::string tiff_of(const std::vector<TiffPage>& pages);

/// The samples of a tensor as they lie in memory, as type T.
template <class T>
std::string samples_of(const at::Tensor& values) {
  const at::Tensor wide = values.to(at::kDouble).contiguous();
  std::string bytes;
  for (int64_t i = 0; i < wide.numel(); ++i) {
    const T sample = static_cast<T>(wide.data_ptr<double>()[i]);
    bytes.append(reinterpret_cast<const char*>(&sample), sizeof sample);
  }
  return bytes;
}

/// Overwrites the value at `offset`.
template <class T>
std::string patched(std::string bytes, size_t offset, T value) {
  bytes.replace(offset, sizeof value, reinterpret_cast<const char*>(&value), sizeof value);
  return bytes;
}

/// A PNG that consists of a header only, with a valid checksum.
std::string png_header(uint32_t width, uint32_t height);

/// A chunk of a PNG with its length and checksum.
std::string png_chunk(const std::string& kind, const std::string& data);

/// Distinct values, no symmetry: 3, 10, 17, ... modulo 251. [H,W]
at::Tensor pattern(int64_t height, int64_t width);

/// The message of the thor::Error that `work` throws, or "no error".
std::string story_of(const std::function<void()>& work);

}  // namespace thor::test
