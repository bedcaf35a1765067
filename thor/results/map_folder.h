// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <vector>

#include "thor/base/tensor.h"
#include "thor/data/case_list.h"
#include "thor/data/split.h"
#include "thor/image/image.h"
#include "thor/results/sidecar.h"

namespace thor {

/// A case that `detect` wrote, with the paths that its sidecar names.
struct MapEntry {
  Sidecar about;
  std::string sidecar;  ///< path of the JSON file
  std::string input;    ///< the image as it was named at detection, real path where it still exists
  std::string made_by;  ///< model, detector and settings: equal for maps that can be compared
  std::string map_path;
  std::string pseudo_healthy_path;  ///< "" where the sidecar names none, or nothing was restored
};

/// The maps of a folder, found by the image they belong to.
/// It is immutable: any number of threads may use one object.
class MapFolder {
 public:
  /// Reads every sidecar. Throws Input: no such folder, a broken sidecar, no sidecar at all.
  explicit MapFolder(const std::string& folder);
  /// The entry of a row's image: the same file, else the same stem where only one row and one map have it; nullptr
  /// where there is none. `stem_count` says how many rows of the table share each stem.
  const MapEntry* find(const SplitRow& row, const std::map<std::string, int64_t>& stem_count) const;
  /// All of them, in the order of their images' paths.
  const std::map<std::string, MapEntry>& entries() const { return by_input_; }

 private:
  std::map<std::string, MapEntry> by_input_;
  std::map<std::string, std::vector<const MapEntry*>> by_stem_;
};

/// The map as it was computed. -> float32 [H,W]
Tensor read_map(const MapEntry& entry);
/// The same with its place, also of a volume. -> voxels float32 [D,H,W]
Image read_map_image(const MapEntry& entry);

}  // namespace thor
