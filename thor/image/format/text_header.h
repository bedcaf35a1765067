// SPDX-License-Identifier: Apache-2.0
// Private to this room: what NRRD and MetaImage share, a header of text lines before or beside the voxels.
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
  std::map<std::string, std::string> fields;  ///< by name in lower case
  std::string first_line;
  int64_t bytes = 0;  ///< of the header; voxels in the same file follow

  bool has(const std::string& name) const { return fields.count(name) > 0; }
  /// Its text, or `fallback`.
  std::string text(const std::string& name, const std::string& fallback = "") const;
  /// Its numbers, however separated; exactly `count` of them unless that is 0. Throws Input where they are none.
  std::vector<double> numbers(const std::string& name, size_t count = 0) const;
  /// The same, of integers that are sizes: each 1 to 2^31. Throws Input.
  std::vector<int64_t> sizes(const std::string& name) const;
};
/// Reads lines "name SEPARATOR value" up to an empty line or the end, or including the one with the name `last`.
/// Throws Input where that takes more than 64 KiB, and where a field stands there twice with different values.
TextHeader read_text_header(const std::string& path, const std::string& separator, const std::string& last = "");

/// All numbers of a text, separated by spaces, commas or brackets. Throws Input where something else stands there.
std::vector<double> numbers_in(const std::string& text);
std::vector<std::string> words_in(const std::string& text);
std::string lower_case(std::string text);

/// A file in the header's own folder. Throws Unsupported where the name points elsewhere or stands for several files.
std::string file_beside(const std::string& header_path, const std::string& name);

/// Where voxels lie and how.
struct VoxelPlace {
  std::string path;
  int64_t offset = 0;  ///< of the packed or plain bytes in that file
  Packing packing = Packing::None;
  int64_t skip = 0;  ///< unpacked bytes before the first sample; -1 = samples are the last bytes of a plain file
  int64_t frames = 1, frame = 0;
};
/// float32 [D,H,W]. Checks the announced bytes against the file before memory is taken. Throws Input.
Tensor read_placed_samples(const VoxelPlace& place, const VoxelLayout& layout, const std::array<int64_t, 3>& size_xyz);

}  // namespace thor
