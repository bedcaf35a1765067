// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/cell_store.h"

#include <filesystem>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/version.h"

namespace thor {

CellStore::CellStore(std::string folder) : folder_(std::move(folder)) { make_folder(folder_); }

std::string CellStore::path(const std::string& name) const { return folder_ + "/" + name + ".safetensors"; }

std::optional<MapSet> CellStore::find(const std::string& name, const nlohmann::json& key) const {
  std::error_code ignored;
  if (!std::filesystem::exists(path(name), ignored)) return {};
  try {
    MapSet set = load_map_set(path(name));
    if (set.about.value("key", nlohmann::json()) == key) return set;
  } catch (const Error& error) {
    warn("made again: {}", error.what());
  }
  return {};
}

MapSet CellStore::keep(const std::string& name, const nlohmann::json& key, MapSet set) const {
  set.about["key"] = key;
  save_map_set(path(name), set);
  return load_map_set(path(name));
}

nlohmann::json cell_key(const Contender& contender, const RunConfig& run, const std::string& list_hash) {
  return {{"thor", version()},
          {"model", contender.pipeline.model().hash},
          {"detector", {{"name", contender.detector}, {"config", contender.detector_config}}},
          {"perceptual", contender.pipeline.perceptual()},
          {"lpips", run.lpips.empty() ? "" : sha256_of_file(run.lpips)},
          {"seed", run.seed},
          {"precision", run.precision},
          {"images", list_hash}};
}

std::string hash_of_images(const std::vector<SplitRow>& rows) {
  Sha256 hash;
  for (const SplitRow& row : rows) {
    const std::string entry = row.name + '\n' + sha256_of_file(row.image) + '\n';
    hash.update(entry.data(), entry.size());
  }
  return hash.hex();
}

std::string file_word(const std::string& title) {
  std::string word;
  for (const char c : title) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain || upper)
      word += upper ? static_cast<char>(c - 'A' + 'a') : c;
    else if (!word.empty() && word.back() != '-')
      word += '-';
  }
  while (!word.empty() && word.back() == '-') word.pop_back();
  return word;
}

}  // namespace thor
