// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/cell_store.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/version.h"

namespace thor {
namespace {

constexpr const char* kKey = "key";

}  // namespace

CellStore::CellStore(std::string folder) : folder_(std::move(folder)) { make_folder(folder_); }

std::string CellStore::path(const std::string& name) const { return folder_ + "/" + name + ".safetensors"; }

std::optional<MapSet> CellStore::find(const std::string& name, const JsonText& key) const {
  std::error_code ignored;
  if (!std::filesystem::exists(path(name), ignored)) return {};
  try {
    MapSet set = load_map_set(path(name));
    const nlohmann::json about = parse(set.about);
    if (about.is_object() && json_text(about.value(kKey, nlohmann::json())) == key) return set;
  } catch (const Error& error) {
    warn("made again: {}", error.what());
  }
  return {};
}

MapSet CellStore::keep(const std::string& name, const JsonText& key, MapSet set) const {
  nlohmann::json about = parse(set.about);
  about[kKey] = parse(key);
  set.about = json_text(about);
  save_map_set(path(name), set);
  return load_map_set(path(name));
}

Contender make_contender(const std::string& name, const DetectorChoice& choice, Pipeline pipeline,
                         const RunConfig& run) {
  const bool lpips = pipeline.detector().perceptual() == PerceptualKind::Lpips &&
                     pipeline.perceptual() == name_of(PerceptualKind::Lpips);
  return {name, choice, std::move(pipeline), lpips ? sha256_of_file(lpips_weights(run.lpips)) : std::string()};
}

JsonText cell_key(const Contender& contender, const RunConfig& run, const std::vector<SplitRow>& rows,
                  const std::vector<std::string>& hashes) {
  Sha256 images;
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string entry = rows[i].name + '\n' + hashes[i] + '\n';
    images.update(entry.data(), entry.size());
  }
  const DetectorSetting& detector = contender.detector;
  return json_text({{"thor", version()},
                    {"model", contender.pipeline.model().hash},
                    {"detector", {{"name", detector.name}, {"config", parse(detector.config)}}},
                    {"perceptual", contender.pipeline.perceptual()},
                    {"lpips", contender.lpips_sha256},
                    {"seed", run.seed},
                    {"precision", name_of(run.precision)},
                    {"images", images.hex()}});
}

std::vector<std::string> image_hashes(const std::vector<SplitRow>& rows) {
  std::vector<std::string> hashes;
  for (const SplitRow& row : rows) hashes.push_back(sha256_of_file(row.image));
  return hashes;
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
