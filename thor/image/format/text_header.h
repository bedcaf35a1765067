// SPDX-License-Identifier: Apache-2.0
// Private to this room: text headers before or beside the voxels, as in NRRD and MetaImage.
#pragma once
#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "thor/image/format/byte_reader.h"
#include "thor/image/format/voxel_type.h"

namespace thor {

struct TextHeader {
  std::map<std::string, std::string> fields;  ///< values by lower-case name
  std::string first_line;
  int64_t bytes = 0;  ///< length of the header; voxels in the same file follow

  bool has(const std::string& name) const { return fields.count(name) > 0; }
  /// Returns the text of a field, or `fallback`.
  std::string text(const std::string& name, const std::string& fallback = "") const;
  /// Returns the numbers of a field with any separators, exactly `count` unless that is 0. Throws Input for other text.
  std::vector<double> numbers(const std::string& name, size_t count = 0) const;
  /// Returns sizes: integers from 1 to 2^31. Throws Input for others.
  std::vector<int64_t> sizes(const std::string& name) const;
};
/// Reads lines "name SEPARATOR value" up to an empty line or the end, or including the one with the name `last`. Throws
/// Input for more than 64 KiB, and for a repeated field with different values.
TextHeader read_text_header(const std::string& path, const std::string& separator, const std::string& last = "");

/// Returns all numbers of a text, separated by spaces, commas or brackets. Throws Input for other content.
std::vector<double> numbers_in(const std::string& text);
std::vector<std::string> words_in(const std::string& text);
std::string lower_case(std::string text);

/// Returns a file in the folder of the header. Throws Unsupported if the name is outside or denotes several files.
std::string file_beside(const std::string& header_path, const std::string& name);

/// Location and layout of the voxel data.
struct VoxelPlace {
  std::string path;
  int64_t offset = 0;  ///< offset of the compressed or plain bytes in that file
  Packing packing = Packing::None;
  int64_t skip = 0;  ///< decompressed bytes before the first sample; -1 = samples end a plain file
  int64_t frames = 1, frame = 0;
};
/// Reads voxels as float32 [D,H,W]. The announced bytes are checked against the file before allocation. Throws Input.
Tensor read_placed_samples(const VoxelPlace& place, const VoxelLayout& layout, const std::array<int64_t, 3>& size_xyz);

}  // namespace thor
