// SPDX-License-Identifier: Apache-2.0
#include "thor/image/format/voxel_type.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

constexpr int64_t kVoxelsAtOnce = 1 << 18, kBytesAtOnce = 1 << 23;

/// Calls `work` with a value of the type that samples have.
template <class F>
auto with_sample(VoxelType type, F&& work) {
  switch (type) {
    case VoxelType::Uint8:
      return work(uint8_t{});
    case VoxelType::Int8:
      return work(int8_t{});
    case VoxelType::Uint16:
      return work(uint16_t{});
    case VoxelType::Int16:
      return work(int16_t{});
    case VoxelType::Uint32:
      return work(uint32_t{});
    case VoxelType::Int32:
      return work(int32_t{});
    case VoxelType::Uint64:
      return work(uint64_t{});
    case VoxelType::Int64:
      return work(int64_t{});
    case VoxelType::Float32:
      return work(float{});
    case VoxelType::Float64:
      return work(double{});
  }
  fail(ErrorKind::Internal, "sample type {} is not known", static_cast<int>(type));
}

void swap_bytes(char* bytes, int64_t count, int64_t width) {
  for (int64_t i = 0; width > 1 && i < count; ++i, bytes += width) std::reverse(bytes, bytes + width);
}

/// In double from the sample on: an integer of 32 bits rounded to float before its intercept is added has lost the
/// rest.
template <class T>
void rescale_gray(const T* samples, const VoxelLayout& layout, int64_t count, float* voxels) {
  samples += std::max<int64_t>(0, layout.picked);
  for (int64_t i = 0; i < count; ++i)
    voxels[i] = static_cast<float>(layout.slope * static_cast<double>(samples[i * layout.channels]) + layout.intercept);
}

void rescale_colours(const VoxelLayout& layout, int64_t count, float* voxels) {
  if (layout.slope == 1 && layout.intercept == 0) return;
  for (int64_t i = 0; i < count; ++i) voxels[i] = static_cast<float>(layout.slope * voxels[i] + layout.intercept);
}

}  // namespace

int64_t bytes_of(VoxelType type) {
  return with_sample(type, [](auto sample) { return static_cast<int64_t>(sizeof sample); });
}

std::string name_of(VoxelType type) {
  return with_sample(type, [](auto sample) {
    using T = decltype(sample);
    const char* kind = std::is_floating_point_v<T> ? "float" : std::is_signed_v<T> ? "int" : "uint";
    return fmt::format("{}{}", kind, 8 * sizeof sample);
  });
}

int64_t bytes_of(const VoxelLayout& layout, const std::array<int64_t, 3>& size) {
  return size[0] * size[1] * size[2] * layout.channels * bytes_of(layout.type);
}

std::string describe(const VoxelLayout& layout) {
  std::string text = name_of(layout.type);
  if (layout.picked >= 0)
    text += fmt::format(", one of {} interleaved", layout.channels);
  else if (layout.channels > 1)
    text += fmt::format(" x {} colours", layout.channels);
  if (layout.swapped != is_big_endian() && bytes_of(layout.type) > 1) text += ", big-endian";
  if (layout.slope != 1 || layout.intercept != 0)
    text += fmt::format(", rescaled by {:g} and {:g}", layout.slope, layout.intercept);
  return text;
}

bool is_big_endian() {
  const uint16_t one = 1;
  char first;
  std::memcpy(&first, &one, 1);
  return first == 0;
}

void convert_voxels(char* bytes, const VoxelLayout& layout, int64_t count, float* voxels) {
  if (layout.swapped) swap_bytes(bytes, count * layout.channels, bytes_of(layout.type));
  with_sample(layout.type, [&](auto sample) {
    const auto* samples = reinterpret_cast<const decltype(sample)*>(bytes);
    if (layout.channels < 3 || layout.picked >= 0) return rescale_gray(samples, layout, count, voxels);
    luminance(samples, count, layout.channels, voxels);
    rescale_colours(layout, count, voxels);
  });
}

void warn_of_rest(int64_t rest, const VoxelLayout& layout, const std::array<int64_t, 3>& size) {
  if (rest < bytes_of(layout, {size[0], size[1], 1})) return;
  warn(
      "it holds {} bytes more than the {} x {} x {} voxels that its header announces take; they are not read, and the "
      "sizes in the header may be wrong",
      rest, size[0], size[1], size[2]);
}

Tensor read_voxels(const ByteSource& next, const VoxelLayout& layout, const std::array<int64_t, 3>& size) {
  Tensor volume = at::empty({size[2], size[1], size[0]}, at::kFloat);  // [D,H,W]
  const int64_t width = layout.channels * bytes_of(layout.type), total = volume.numel();
  const int64_t most = std::clamp<int64_t>(kBytesAtOnce / width, 1, kVoxelsAtOnce);
  std::vector<char> buffer(std::min(total, most) * width);
  for (int64_t done = 0; done < total; done += most) {
    const int64_t count = std::min(most, total - done);
    next(buffer.data(), static_cast<size_t>(count * width));
    convert_voxels(buffer.data(), layout, count, volume.data_ptr<float>() + done);
  }
  return volume;
}

}  // namespace thor
