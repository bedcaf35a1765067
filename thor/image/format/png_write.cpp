// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/image/format/png_encode.h"
#include "thor/image/image.h"

namespace thor {
namespace {

/// Gray [H,W] or RGB [3,H,W] in [0,1].
std::string encode_unit(const Tensor& unit, int bits) {
  const bool colour = unit.dim() == 3 && unit.size(0) == 3;
  if ((unit.dim() != 2 && !colour) || unit.numel() == 0 || (bits != 8 && bits != 16))
    fail(ErrorKind::Internal, "a PNG needs [H,W] or [3,H,W] and 8 or 16 bits, not {} and {}", shape_text(unit.sizes()),
         bits);
  const int channels = colour ? 3 : 1;
  const int64_t height = unit.size(-2), width = unit.size(-1);
  const double white = bits == 8 ? 255 : 65535;
  const Tensor scaled = (at::nan_to_num(unit.to(at::kDouble)).clamp(0, 1) * white).round().to(at::kInt);
  const Tensor interleaved = (colour ? scaled.permute({1, 2, 0}) : scaled).contiguous().cpu();  // [H,W] or [H,W,3]
  const int32_t* values = interleaved.data_ptr<int32_t>();
  PngPicture picture{{}, height, width, channels, bits};
  std::vector<uint8_t>& samples = picture.samples;
  samples.reserve(interleaved.numel() * (bits / 8));
  for (int64_t i = 0; i < interleaved.numel(); ++i) {
    if (bits == 16) samples.push_back(static_cast<uint8_t>(values[i] >> 8));
    samples.push_back(static_cast<uint8_t>(values[i] & 255));
  }
  return encode_png(picture);
}

}  // namespace

std::string encode_png(const Tensor& unit) { return encode_unit(unit, 8); }
void write_png(const std::string& path, const Tensor& unit, int bits) {
  if (unit.dim() != 2) fail(ErrorKind::Internal, "a gray PNG is [H,W], not {}", shape_text(unit.sizes()));
  write_text_atomically(path, encode_unit(unit, bits));
}
void write_png_rgb(const std::string& path, const Tensor& unit) {
  if (unit.dim() != 3) fail(ErrorKind::Internal, "a colour PNG is [3,H,W], not {}", shape_text(unit.sizes()));
  write_text_atomically(path, encode_unit(unit, 8));
}

}  // namespace thor
