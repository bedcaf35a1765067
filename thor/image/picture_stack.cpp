// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "thor/base/error.h"
#include "thor/image/formats.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// Runs of digits count as numbers: slice2 before slice10. Names that differ in nothing else, slice2 and slice02, go by
/// their letters, so that the order of the disk does not matter.
bool naturally_before(const std::string& a, const std::string& b) {
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      size_t end_a = i, end_b = j;
      while (end_a < a.size() && is_digit(a[end_a])) ++end_a;
      while (end_b < b.size() && is_digit(b[end_b])) ++end_b;
      while (i < end_a && a[i] == '0') ++i;
      while (j < end_b && b[j] == '0') ++j;
      if (end_a - i != end_b - j) return end_a - i < end_b - j;
      if (const int order = a.compare(i, end_a - i, b, j, end_b - j); order != 0) return order < 0;
      i = end_a, j = end_b;
    } else if (a[i] != b[j]) {
      return a[i] < b[j];
    } else {
      ++i, ++j;
    }
  }
  return a.size() - i != b.size() - j ? a.size() - i < b.size() - j : a < b;
}

}  // namespace

Image read_picture_stack(const std::string& folder, const Point3& spacing) {
  if (!fs::is_directory(folder)) fail_input("'{}' is no folder of pictures", folder);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    if (const std::string name = entry.path().filename().string(); name[0] != '.' && has_picture_ending(name))
      names.push_back(name);
  if (names.empty()) fail_input("'{}' holds no PNG, JPEG or TIFF pictures", folder);
  std::sort(names.begin(), names.end(), naturally_before);
  Image stack;
  for (size_t z = 0; z < names.size(); ++z) {
    const Image slice = read_image((fs::path(folder) / names[z]).string());
    const int64_t height = slice.voxels.size(1), width = slice.voxels.size(2);
    if (z == 0) {
      check_size(width, height, static_cast<int64_t>(names.size()));
      stack.voxels = at::empty({static_cast<int64_t>(names.size()), height, width}, at::kFloat);  // [D,H,W]
      stack.full_scale = slice.full_scale;
    }
    if (height != stack.voxels.size(1) || width != stack.voxels.size(2))
      fail_input("'{}' is {} x {}, the first picture of '{}' is {} x {}; slices must be of one size", names[z], width,
                 height, folder, stack.voxels.size(2), stack.voxels.size(1));
    if (slice.full_scale != stack.full_scale)
      fail_input("'{}' and '{}' of '{}' differ in depth (white is {:g} and {:g}); save them alike", names[0], names[z],
                 folder, stack.full_scale, slice.full_scale);
    stack.voxels[static_cast<int64_t>(z)].copy_(slice.voxels[0]);
  }
  stack.path = folder;
  stack.encoding = fmt::format("stack of {} pictures", names.size());
  stack.geometry.ras_from_voxel = scaling(spacing);
  return stack;
}

}  // namespace thor
