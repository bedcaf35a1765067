// SPDX-License-Identifier: Apache-2.0
// Private to this room: conversion of stored samples to float voxels.
#pragma once
#include <array>
#include <functional>
#include <string>

#include "thor/base/tensor.h"

namespace thor {

enum class VoxelType { Uint8, Int8, Uint16, Int16, Uint32, Int32, Uint64, Int64, Float32, Float64 };
int64_t bytes_of(VoxelType type);
/// Returns the name of a type: "uint8", "int16", "float32", ...
std::string name_of(VoxelType type);

/// The layout of samples in a file.
struct VoxelLayout {
  VoxelType type = VoxelType::Float32;
  bool swapped = false;             ///< samples have the other byte order
  int64_t channels = 1;             ///< 3 and more: interleaved colours, read as luminance
  double slope = 1, intercept = 0;  ///< value = slope * sample + intercept
  int64_t picked = -1;              ///< the only interleaved channel to read; -1 = gray or colours
};
/// Returns the bytes of a volume in the file. The caller has checked the size.
int64_t bytes_of(const VoxelLayout& layout, const std::array<int64_t, 3>& size_xyz);
/// Returns a readable description such as "int16, big-endian".
std::string describe(const VoxelLayout& layout);

/// Converts `count` samples in memory to voxels (bytes are swapped in place if needed).
void convert_voxels(char* bytes, const VoxelLayout& layout, int64_t count, float* voxels);

/// Reads exactly the given number of bytes from a file.
using ByteSource = std::function<void(char* to, size_t count)>;
/// Warns if the `rest` bytes after the last voxel are a slice or more, which makes the sizes in the header doubtful.
void warn_of_rest(int64_t rest, const VoxelLayout& layout, const std::array<int64_t, 3>& size_xyz);
/// Reads a volume from x-fastest samples with a small buffer: float32 [D,H,W].
Tensor read_voxels(const ByteSource& next, const VoxelLayout& layout, const std::array<int64_t, 3>& size_xyz);

/// Returns true if this machine is big-endian.
bool is_big_endian();

}  // namespace thor
