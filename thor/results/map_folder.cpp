// SPDX-License-Identifier: Apache-2.0
#include "thor/results/map_folder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/image/image.h"
#include "thor/results/bids.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

constexpr uint64_t kMaxSidecar = 16u << 20;

/// All that a map's values depend on but the image and the seed.
std::string maker_of(const Sidecar& about) {
  return fmt::format("{} {} {} {} {}", about.model_sha256, about.detector, about.detector_config.text, about.perceptual,
                     about.network_size);
}

/// The path of a file beside the sidecar. One from elsewhere must not make this program open files outside its folder.
std::string file_beside(const fs::path& sidecar, const std::string& what, const std::string& name) {
  if (name != fs::path(name).filename().string() || name == "." || name == "..")
    fail_input("its {} '{}' is not the name of a file beside it", what, name);
  return (sidecar.parent_path() / name).string();
}

MapEntry entry_of(const fs::path& path, Sidecar about) {
  MapEntry entry;
  entry.sidecar = path.string();
  entry.made_by = maker_of(about);
  entry.input = real_path(about.input);
  entry.map_path = file_beside(path, "map", about.map);
  // What no network looked at was not restored; its pseudo-healthy image is the input.
  if (!about.pseudo_healthy.empty()) {
    const std::string healthy = file_beside(path, "pseudo-healthy image", about.pseudo_healthy);
    if (about.network_calls > 0) entry.pseudo_healthy_path = healthy;
  }
  entry.about = std::move(about);
  return entry;
}

std::vector<fs::path> json_files(const std::string& folder) {
  std::error_code ec;
  if (!fs::is_directory(folder, ec)) fail_input("'{}' is not a folder; name the one that `thor detect` wrote", folder);
  std::vector<fs::path> files;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
    if (it->path().extension() == ".json" && it->is_regular_file(ec)) files.push_back(it->path());
  if (ec) fail_input("cannot list '{}': {}", folder, ec.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

MapFolder::MapFolder(const std::string& folder) {
  for (const fs::path& file : json_files(folder)) {
    with_context(fmt::format("reading '{}'", file.string()), [&] {
      std::optional<Sidecar> about = parse_sidecar(read_text_file(file.string(), kMaxSidecar));
      if (!about) return;  // another report of the same folder
      MapEntry entry = entry_of(file, std::move(*about));
      const std::string input = entry.input;
      const auto [place, fresh] = by_input_.emplace(input, std::move(entry));
      if (!fresh) fail_input("'{}' is about the same image '{}'", place->second.sidecar, input);
    });
  }
  if (by_input_.empty()) fail_input("'{}' holds no maps; name the folder that `thor detect` wrote", folder);
  for (const auto& [input, entry] : by_input_) by_stem_[stem_of(input)].push_back(&entry);
}

const MapEntry* MapFolder::find(const SplitRow& row, const std::map<std::string, int64_t>& stem_count) const {
  if (const auto same = by_input_.find(real_path(row.image)); same != by_input_.end()) return &same->second;
  const std::string stem = stem_of(row.image);
  const auto maps = by_stem_.find(stem);
  const auto rows = stem_count.find(stem);
  const bool unique = maps != by_stem_.end() && maps->second.size() == 1 && rows != stem_count.end();
  return unique && rows->second == 1 ? maps->second[0] : nullptr;
}

Image read_map_image(const MapEntry& entry) {
  Image image = read_scan(entry.map_path);
  if (image.full_scale > 0) image.voxels.mul_(entry.about.map_full_scale / image.full_scale);
  return image;
}

Tensor read_map(const MapEntry& entry) {
  const Image image = read_map_image(entry);
  if (image.voxels.size(0) != 1)
    fail(ErrorKind::Unsupported, "'{}' is the map of a volume; a map of one slice is expected here", entry.map_path);
  return image.voxels[0];
}

}  // namespace thor
