// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/map_set.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/base/utf8.h"
#include "thor/base/version.h"
#include "thor/data/slice_orientation.h"
#include "thor/nn/weights/safetensors.h"
#include "thor/pipeline/open_slice.h"
#include "thor/pipeline/scan_slices.h"

namespace thor {
namespace {

constexpr const char* kMapSetFormat = "map set 1";

/// Everything of a set but its tensors.
nlohmann::json facts_of(const MapSet& set) {
  nlohmann::json facts = {{"names", set.names},
                          {"scores", set.scores},
                          {"z_mm", set.z_mm},
                          {"failed", nlohmann::json::array()},
                          {"network_calls", set.network_calls},
                          {"seconds", set.seconds},
                          {"about", parse(set.about)}};
  for (const CaseFailure& failure : set.failed) facts["failed"].push_back({failure.input, failure.message});
  return facts;
}

MapSet parse_map_set(const std::string& path) {
  Safetensors file = read_safetensors(path);
  if (const auto format = file.metadata.find("thor.format");
      format == file.metadata.end() || format->second != kMapSetFormat)
    fail_input("it is not a set of maps ('{}')", kMapSetFormat);
  MapSet set;
  try {
    const auto facts = nlohmann::json::parse(file.metadata.at("thor.facts"));
    for (const auto& name : facts.at("names")) set.names.push_back(bytes_of_utf8_text(name.get<std::string>()));
    facts.at("scores").get_to(set.scores);
    set.z_mm = facts.value("z_mm", std::vector<double>(set.scores.size()));
    facts.at("network_calls").get_to(set.network_calls);
    facts.at("seconds").get_to(set.seconds);
    set.about = json_text(facts.at("about"));
    for (const auto& failure : facts.at("failed")) set.failed.push_back({failure.at(0), failure.at(1)});
    set.images = file.tensors.at("images");
    set.maps = file.tensors.at("maps");
    set.pseudo_healthy = file.tensors.at("pseudo_healthy");
    if (file.tensors.count("region")) set.region = file.tensors.at("region").to(at::kBool);
  } catch (const std::exception& error) {
    fail_input("it is incomplete: {}", error.what());
  }
  const auto count = static_cast<int64_t>(set.names.size());
  for (const Tensor& tensor : {set.images, set.maps, set.pseudo_healthy})
    if (tensor.scalar_type() != at::kFloat || tensor.dim() != 3 || tensor.size(0) != count ||
        tensor.sizes() != set.maps.sizes() || set.scores.size() != set.names.size() ||
        set.z_mm.size() != set.names.size())
      fail_input("its tensors and its {} names do not fit each other", count);
  if (set.region.defined() && set.region.sizes() != set.maps.sizes())
    fail_input("its maps and their regions do not fit each other");
  return set;
}

/// Collects a set slice by slice, in the order in which slices are added.
class Collector {
 public:
  Collector(const Pipeline& pipeline, const RunConfig& run, JsonText about, Pipeline::NetworkCallback after_call)
      : tissue_(pipeline.model().tissue),
        size_(pipeline.model().config.preprocess.size),
        queue_(pipeline, run.batch, std::move(after_call)) {
    set_.network_calls = pipeline.network_calls();
    set_.about = std::move(about);
  }

  void add(const CaseInput& input, const NetworkSlice& slice) {
    queue_.add(slice, [this, input, unit = slice.unit, z = slice.z_mm](const SliceFinding* found) {
      if (!found) return fail_at(input.path, "the network's result is not finite; the model may be broken");
      set_.names.push_back(input.name);
      set_.scores.push_back(found->score);
      set_.z_mm.push_back(z);
      set_.looks.push_back(looks_of(tissue_, {unit}, {z}));
      images_.push_back(unit);
      maps_.push_back(found->map);
      healthy_.push_back(found->pseudo_healthy);
      if (found->region.defined()) regions_.push_back(found->region);
    });
  }

  /// Adds the slices that `open` gives; a bad image does not stop the others.
  template <class Open>
  void try_image(const CaseInput& input, Open open) {
    throw_if_interrupted();
    try {
      for (const NetworkSlice& slice : open()) add(input, slice);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Internal || error.kind() == ErrorKind::Usage) throw;
      fail_at(input.path, error.what());
    }
  }

  void withhold(const std::string& name) { set_.withheld.insert(name); }

  MapSet finish() {
    queue_.flush();
    const auto all = [&](const std::vector<Tensor>& of) {
      return of.empty() ? at::empty({0, size_, size_}) : at::stack(of);
    };
    set_.images = all(images_);
    set_.maps = all(maps_);
    set_.pseudo_healthy = all(healthy_);
    if (!regions_.empty()) set_.region = at::stack(regions_);
    if (!maps_.empty()) set_.seconds = queue_.seconds() / static_cast<double>(maps_.size());
    return std::move(set_);
  }

 private:
  void fail_at(const std::string& path, const std::string& message) { set_.failed.push_back({path, message}); }

  const BrainTissue& tissue_;
  int64_t size_;
  SliceQueue queue_;
  MapSet set_;
  std::vector<Tensor> images_, maps_, healthy_, regions_;
};

JsonText about_set(const Pipeline& pipeline, const DetectorSetting& detector, const RunConfig& run) {
  nlohmann::json steps = nlohmann::json::array();
  for (const YamlText& step : pipeline.model().config.preprocess.steps) steps.push_back(step.text);
  return json_text({{"thor", version()},
                    {"steps", std::move(steps)},
                    {"detector", {{"name", detector.name}, {"config", parse(detector.config)}}},
                    {"perceptual", pipeline.perceptual()},
                    {"model", {{"sha256", pipeline.model().hash}}},
                    {"seed", run.seed},
                    {"precision", name_of(run.precision)},
                    {"device", pipeline.device()}});
}

}  // namespace

MapSet detect_set(const Pipeline& pipeline, const DetectorSetting& detector, const std::vector<SplitRow>& rows,
                  const RunConfig& run, const Pipeline::NetworkCallback& after_call) {
  const RunScope scope(run.context);
  std::optional<Progress> progress;
  if (!after_call)
    progress.emplace("detecting", static_cast<int64_t>(rows.size()) * std::max<int64_t>(1, pipeline.network_calls()));
  Collector collector(
      pipeline, run, about_set(pipeline, detector, run),
      after_call ? after_call : [&](int64_t count) { progress->advance(count); });
  for (const CaseInput& input : cases_of_rows(rows))
    collector.try_image(
        input, [&] { return std::vector<NetworkSlice>{open_slice(pipeline.model(), read_image(input.path)).slice}; });
  return collector.finish();
}

MapSet detect_slices(const Pipeline& pipeline, const DetectorSetting& detector, const std::vector<CaseInput>& inputs,
                     const RunConfig& run, bool registered_only) {
  const RunScope scope(run.context);
  const int64_t calls = std::max<int64_t>(1, pipeline.network_calls());
  Progress progress("detecting", static_cast<int64_t>(inputs.size()) * calls);
  Collector collector(pipeline, run, about_set(pipeline, detector, run),
                      [&](int64_t count) { progress.advance(count); });
  for (const CaseInput& input : inputs)
    collector.try_image(input, [&] {
      ScanSlices scan = slices_of_scan(input, pipeline.model());
      if (registered_only) check_registered(scan, input);
      if (scan.withheld) collector.withhold(input.name);
      progress.extend((static_cast<int64_t>(scan.slices.size()) - 1) * calls);
      return std::move(scan.slices);
    });
  return collector.finish();
}

MapSet detect_opened(const Pipeline& pipeline, const DetectorSetting& detector, const std::vector<NetworkSlice>& slices,
                     const RunConfig& run) {
  const RunScope scope(run.context);
  const int64_t calls = std::max<int64_t>(1, pipeline.network_calls());
  Progress progress("detecting", static_cast<int64_t>(slices.size()) * calls);
  Collector collector(pipeline, run, about_set(pipeline, detector, run),
                      [&](int64_t count) { progress.advance(count); });
  for (const NetworkSlice& slice : slices) collector.add({}, slice);
  return collector.finish();
}

CalibrationSetting setting_of(const MapSet& set) {
  try {
    const nlohmann::json about = parse(set.about);
    const nlohmann::json& detector = about.at("detector");
    return {detector.at("name").get<std::string>(), json_text(detector.at("config")),
            about.at("perceptual").get<std::string>()};
  } catch (const nlohmann::json::exception& error) {
    fail_input("the set of maps does not say what made it: {}", error.what());
  }
}

MadeBy made_by(const JsonText& text) {
  const nlohmann::json about = parse(text);
  const auto word = [&](const char* pointer) {
    const nlohmann::json::json_pointer place(pointer);
    return about.contains(place) ? about.at(place).get<std::string>() : std::string();
  };
  const nlohmann::json::json_pointer config("/detector/config");
  return {word("/detector/name"), about.contains(config) ? dump_json(about.at(config)) : "",
          word("/perceptual"),    word("/device"),
          word("/precision"),     word("/model/sha256")};
}

std::vector<CaseInput> cases_of_rows(const std::vector<SplitRow>& rows) {
  std::vector<CaseInput> cases;
  for (const SplitRow& row : rows) cases.push_back({row.image, row.name, {}});
  return cases;
}

Image read_as_detected(const MapSet& set, const SplitRow& row) {
  const nlohmann::json about = parse(set.about);
  if (!about.is_object() || !about.contains("steps")) return read_image(row.image);  // of a version that turned nothing
  std::vector<YamlText> steps;
  for (const auto& step : about.at("steps")) steps.push_back({step.get<std::string>()});
  const Image image = read_image(row.image);
  return reorient(image, slice_order(image, steps));
}

MapSet some_slices(const MapSet& set, const std::vector<size_t>& slices) {
  MapSet some;
  const std::vector<int64_t> rows(slices.begin(), slices.end());
  const Tensor at = at::tensor(rows, at::kLong);
  some.images = set.images.index_select(0, at);
  some.maps = set.maps.index_select(0, at);
  some.pseudo_healthy = set.pseudo_healthy.index_select(0, at);
  if (set.region.defined()) some.region = set.region.index_select(0, at);
  for (const size_t i : slices) {
    some.names.push_back(set.names[i]);
    some.scores.push_back(set.scores[i]);
    some.z_mm.push_back(set.z_mm[i]);
    if (i < set.looks.size()) some.looks.push_back(set.looks[i]);
  }
  some.network_calls = set.network_calls;
  some.seconds = set.seconds;
  some.about = set.about;
  return some;
}

MapSet need_maps(MapSet set) {
  if (set.names.empty())
    fail_input("none of the {} images could be used; the first: {}", set.failed.size(),
               set.failed.empty() ? "" : set.failed[0].message);
  return set;
}

MapSet join_map_sets(const std::vector<MapSet>& parts) {
  if (parts.empty()) fail(ErrorKind::Internal, "there is no set of maps to join");
  MapSet whole;
  std::vector<Tensor> images, maps, healthy, regions;
  for (const MapSet& part : parts) {
    if (part.maps.sizes().slice(1) != parts[0].maps.sizes().slice(1))
      fail(ErrorKind::Internal, "sets of maps of {} and {} cannot be joined", shape_text(parts[0].maps.sizes()),
           shape_text(part.maps.sizes()));
    whole.names.insert(whole.names.end(), part.names.begin(), part.names.end());
    whole.scores.insert(whole.scores.end(), part.scores.begin(), part.scores.end());
    whole.z_mm.insert(whole.z_mm.end(), part.z_mm.begin(), part.z_mm.end());
    whole.looks.insert(whole.looks.end(), part.looks.begin(), part.looks.end());
    whole.failed.insert(whole.failed.end(), part.failed.begin(), part.failed.end());
    whole.withheld.insert(part.withheld.begin(), part.withheld.end());
    whole.seconds += part.seconds * static_cast<double>(part.names.size());
    images.push_back(part.images);
    maps.push_back(part.maps);
    healthy.push_back(part.pseudo_healthy);
    if (part.region.defined()) regions.push_back(part.region);
  }
  if (whole.looks.size() != whole.names.size()) whole.looks.clear();  // some parts were read from files
  whole.images = at::cat(images);
  whole.maps = at::cat(maps);
  whole.pseudo_healthy = at::cat(healthy);
  if (!regions.empty()) whole.region = at::cat(regions);
  whole.seconds /= static_cast<double>(std::max<size_t>(1, whole.names.size()));
  whole.network_calls = parts[0].network_calls;
  whole.about = parts[0].about;
  return whole;
}

void save_map_set(const std::string& path, const MapSet& set) {
  Safetensors file;
  file.tensors = {{"images", set.images}, {"maps", set.maps}, {"pseudo_healthy", set.pseudo_healthy}};
  if (set.region.defined()) file.tensors["region"] = set.region.to(at::kByte);
  file.metadata = {{"thor.format", kMapSetFormat}, {"thor.facts", dump_json(facts_of(set))}};
  write_safetensors(path, file);
}

MapSet load_map_set(const std::string& path) {
  return with_context("reading the maps in '" + path + "'", [&] { return parse_map_set(path); });
}

}  // namespace thor
