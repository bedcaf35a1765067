// SPDX-License-Identifier: Apache-2.0
#include "thor/results/map_folder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/utf8.h"
#include "thor/image/image.h"
#include "thor/results/bids.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

constexpr uint64_t kMaxSidecar = 16u << 20;

std::string text_field(const nlohmann::json& about, const char* field) {
  if (!about.contains(field) || !about[field].is_string()) fail_input("it has no text '{}'", field);
  return bytes_of_utf8_text(about[field].get<std::string>());  // all of them are names of files
}

/// All that a map's values depend on but the image and the seed.
std::string maker_of(const nlohmann::json& about) {
  nlohmann::json parts = nlohmann::json::array();
  for (const char* field : {"model", "detector", "perceptual", "network_size"})
    parts.push_back(about.contains(field) ? about[field] : nlohmann::json());
  return dump_json(parts);
}

double number_field(const nlohmann::json& about, const char* field, double fallback, double low, double high) {
  if (!about.contains(field)) return fallback;
  const double value = about[field].is_number() ? about[field].get<double>() : NAN;
  if (!(value >= low && value <= high)) fail_input("its '{}' is not a number from {} to {}", field, low, high);
  return value;
}

/// The path of a file beside the sidecar. One from elsewhere must not make this program open files outside its folder.
std::string file_beside(const fs::path& sidecar, const std::string& what, const std::string& name) {
  if (name != fs::path(name).filename().string() || name == "." || name == "..")
    fail_input("its {} '{}' is not the name of a file beside it", what, name);
  return (sidecar.parent_path() / name).string();
}

/// {"thresholds": {"0.05": 0.31}} -> {0.05: 0.31}
std::map<double, double> calibrated_thresholds(const nlohmann::json& about) {
  std::map<double, double> thresholds;
  if (!about.contains("calibration") || !about["calibration"].is_object()) return thresholds;
  const auto& found = about["calibration"].value("thresholds", nlohmann::json::object());
  if (!found.is_object()) fail_input("its calibration's 'thresholds' are not an object of rate: threshold");
  for (const auto& [rate, value] : found.items()) {
    char* end = nullptr;
    const double share = std::strtod(rate.c_str(), &end);
    if (*end != '\0' || !(share > 0 && share < 1) || !value.is_number() || !std::isfinite(value.get<double>()))
      fail_input("its calibration has no number for the false-positive rate '{}', which must be between 0 and 1", rate);
    thresholds[share] = value.get<double>();
  }
  return thresholds;
}

MapEntry parse_sidecar(const fs::path& path, const nlohmann::json& about) {
  MapEntry entry;
  entry.sidecar = path.string();
  entry.made_by = maker_of(about);
  entry.input = real_path(text_field(about, "input"));
  entry.map_path = file_beside(path, "map", text_field(about, "map"));
  if (about.contains("pseudo_healthy"))
    entry.pseudo_healthy_path = file_beside(path, "pseudo-healthy image", text_field(about, "pseudo_healthy"));
  // What no network looked at was not restored; its pseudo-healthy image is the input.
  if (number_field(about, "network_calls", 1, 0, 1e9) == 0) entry.pseudo_healthy_path.clear();
  if (about.contains("preprocess")) entry.preprocess = about["preprocess"];
  if (about.contains("volume")) entry.volume = about["volume"];
  if (about.contains("slices")) entry.slices = about["slices"];
  entry.full_scale = number_field(about, "map_full_scale", 1, 1e-12, 1e12);
  entry.network_size = static_cast<int64_t>(number_field(about, "network_size", 128, 8, 2048));
  entry.score = number_field(about, "score", NAN, -1e12, 1e12);
  entry.calibrated = calibrated_thresholds(about);
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
      const auto about = nlohmann::json::parse(read_text_file(file.string(), kMaxSidecar), nullptr, false);
      if (about.is_discarded()) fail_input("it is not valid JSON");
      if (!about.is_object() || !about.contains("map")) return;  // another report of the same folder
      MapEntry entry = parse_sidecar(file, about);
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
  if (image.full_scale > 0) image.voxels.mul_(entry.full_scale / image.full_scale);
  return image;
}

Tensor read_map(const MapEntry& entry) {
  const Image image = read_map_image(entry);
  if (image.voxels.size(0) != 1)
    fail(ErrorKind::Unsupported, "'{}' is the map of a volume; a map of one slice is expected here", entry.map_path);
  return image.voxels[0];
}

}  // namespace thor
