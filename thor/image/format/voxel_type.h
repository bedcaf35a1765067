// SPDX-License-Identifier: Apache-2.0
// Private to this room: samples as files store them become float voxels.
#pragma once
#include <array>
#include <functional>
#include <string>

#include "thor/base/tensor.h"

namespace thor {

enum class VoxelType { Uint8, Int8, Uint16, Int16, Uint32, Int32, Uint64, Int64, Float32, Float64 };
int64_t bytes_of(VoxelType type);
/// "uint8", "int16", "float32"...
std::string name_of(VoxelType type);

/// How samples lie in a file.
struct VoxelLayout {
  VoxelType type = VoxelType::Float32;
  bool swapped = false;             ///< they are of the other byte order
  int64_t channels = 1;             ///< 3 and more: interleaved colours, read as luminance
  double slope = 1, intercept = 0;  ///< value = slope * sample + intercept
  int64_t picked = -1;              ///< of samples that lie interleaved, the one to read alone; -1 = gray or colours
};
/// What a volume of that size takes in the file. The caller has checked the size.
int64_t bytes_of(const VoxelLayout& layout, const std::array<int64_t, 3>& size_xyz);
/// "int16, big-endian" and so on, for people.
std::string describe(const VoxelLayout& layout);

/// Makes `count` voxels of samples that lie in memory (their bytes are swapped in place where need be).
void convert_voxels(char* bytes, const VoxelLayout& layout, int64_t count, float* voxels);

/// Takes exactly so many bytes from a file.
using ByteSource = std::function<void(char* to, size_t count)>;
/// Warns where `rest` bytes behind the last voxel are a slice or more: the header's sizes are then doubtful.
void warn_of_rest(int64_t rest, const VoxelLayout& layout, const std::array<int64_t, 3>& size_xyz);
/// Reads a volume with a small buffer beside the result: float32 [D,H,W] from x-fastest samples.
Tensor read_voxels(const ByteSource& next, const VoxelLayout& layout, const std::array<int64_t, 3>& size_xyz);

/// True where this machine stores the most significant byte first.
bool is_big_endian();

}  // namespace thor
