// SPDX-License-Identifier: Apache-2.0
#include "thor/results/result_folder.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/utf8.h"
#include "thor/base/version.h"
#include "thor/results/bids.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

constexpr const char* kKinds[] = {"map", "pseudo_healthy", "overlay", "mask"};
constexpr const char* kEndings[] = {".png", ".nii.gz", ".safetensors"};
constexpr uint64_t kMaxSidecarBytes = uint64_t{16} << 20;
constexpr const char* kResearchNote =
    "Research software, not a medical device: not for diagnosis or any other clinical decision.";

JsonText described(PreprocessConfig config) { return json_text(Fields(config).to_json()); }

std::string json_file_text(const nlohmann::json& value) { return dump_json(value, 2) + "\n"; }

/// The object in a JSON file; an empty one where there is none.
nlohmann::json json_file(const std::string& path) {
  std::error_code ec;
  if (!fs::is_regular_file(path, ec) || fs::file_size(path, ec) > kMaxSidecarBytes) return nlohmann::json::object();
  auto json = nlohmann::json::parse(read_text_file(path, kMaxSidecarBytes), nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? json : nlohmann::json::object();
}

bool says(const nlohmann::json& about, const char* key, const std::string& text) {
  const auto found = about.find(key);
  return found != about.end() && *found == utf8_text(text);
}

/// True for the description of a dataset that this program wrote.
bool is_generated_here(const nlohmann::json& description) {
  const auto by = description.find("GeneratedBy");
  return by != description.end() && by->is_array() && !by->empty() && by->front().is_object() &&
         says(by->front(), "Name", "thor");
}

/// A map of fewer slices must not leave slices of an earlier one in its folder.
void remove_map_series(const fs::path& folder) {
  std::error_code ec;
  std::vector<fs::path> old;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
    if (it->path().filename().string().rfind("map_", 0) == 0 && it->path().extension() == ".dcm")
      old.push_back(it->path());
  for (const fs::path& file : old) fs::remove(file, ec);
  if (!old.empty() && fs::is_empty(folder, ec)) fs::remove(folder, ec);
}

std::optional<Calibration> calibration_for(const Pipeline& pipeline, const DetectOptions& options) {
  options.point.check();
  const CalibrationSetting setting{options.detector_name, options.detector_config, pipeline.perceptual()};
  auto found = find_calibration(pipeline.model(), setting);
  if (found)
    found->threshold(options.point);
  else
    info(
        "the model has no calibration for this ({}), so there are no masks and no p-values; 'thor calibrate' "
        "with the same settings makes one",
        missing_calibration(pipeline.model(), setting));
  return found;
}

}  // namespace

ResultFolder::ResultFolder(const Pipeline& pipeline, const DetectOptions& options, const RunConfig& run)
    : options_(options), calibration_(calibration_for(pipeline, options)) {
  if (calibration_) options_.point = calibration_->resolved(options_.point);
  make_folder(options.output);
  const Model& model = pipeline.model();
  common_.version = version();
  common_.note = kResearchNote;
  common_.detector = options.detector_name;
  common_.detector_config = options.detector_config;
  common_.perceptual = pipeline.perceptual();
  common_.network_calls = pipeline.network_calls();
  common_.model_sha256 = model.hash;
  common_.network_size = model.config.preprocess.size;
  common_.preprocess = described(model.config.preprocess);
  common_.seed = run.seed;
  common_.device = pipeline.device();
  common_.precision = name_of(run.precision);
  if (bids()) describe_dataset();
}

std::string ResultFolder::file(const CaseInput& input, const std::string& kind, const std::string& ending) const {
  if (!bids()) return input.name + "_" + kind + ending;
  std::string suffix = kind;  // BIDS wants letters and digits only
  suffix.erase(std::remove(suffix.begin(), suffix.end(), '_'), suffix.end());
  return bids_names(input.name).stem + "_" + suffix + ending;
}

std::string ResultFolder::page(const CaseInput& input) const {
  return bids() ? file(input, "report", ".html") : input.name + ".html";
}

std::string ResultFolder::path(const CaseInput& input, const std::string& file) const {
  return options_.output + "/" + (bids() ? bids_names(input.name).folder + "/" : "") + file;
}

std::string ResultFolder::sidecar(const CaseInput& input) const {
  return path(input, bids() ? file(input, "map", ".json") : input.name + ".json");
}

void ResultFolder::check_inputs(const std::vector<CaseInput>& cases) const {
  for (const std::string& input : options_.inputs) {
    std::error_code ec;
    if (fs::is_directory(input, ec) && fs::equivalent(input, options_.output, ec))
      fail_usage("'{}' is both input and output; give the results another folder", input);
  }
  std::set<std::string> inputs;
  std::set<std::string> results;
  for (const CaseInput& one : cases) inputs.insert(real_path(one.path));
  for (const CaseInput& one : cases) {
    if (bids() && is_bids_name(stem_of(one.path)) && one.name != stem_of(one.path))
      fail_usage("'{}' and another input are both '{}' in BIDS; detect them into different folders", one.path,
                 stem_of(one.path));
    if (!results.insert(sidecar(one)).second)
      fail_usage("'{}' and another input would both write '{}'; detect them into different folders", one.path,
                 sidecar(one));
    std::vector<std::string> files{segmentation(one), map_series(one)};
    for (const char* kind : kKinds)
      for (const char* ending : kEndings) files.push_back(file(one, kind, ending));
    for (const std::string& result : files)
      if (inputs.count(real_path(path(one, result))))
        fail_usage("a result would overwrite the input '{}'; give the results another folder", path(one, result));
    check_is_ours(one);
  }
}

void ResultFolder::check_is_ours(const CaseInput& input) const {
  const nlohmann::json old = json_file(sidecar(input));
  std::vector<std::string> foreign;
  if (!old.contains("thor")) foreign.push_back(sidecar(input));
  for (const char* ending : kEndings)
    if (const std::string mask = file(input, "mask", ending); calibration_ && !says(old, "mask", mask))
      foreign.push_back(path(input, mask));
  if (!bids() && !says(old, "segmentation_dicom", segmentation(input)))
    foreign.push_back(path(input, segmentation(input)));
  std::error_code ec;
  for (const std::string& one : foreign)
    if (fs::exists(one, ec))
      fail_usage("'{}' is there already and not by an earlier run; move it, or give the results another folder", one);
}

void ResultFolder::remove_old(const CaseInput& input) const {
  const nlohmann::json old = json_file(sidecar(input));
  std::error_code ec;
  for (const char* ending : kEndings)
    if (const std::string mask = file(input, "mask", ending); says(old, "mask", mask)) {
      fs::remove(path(input, mask), ec);
      if (bids()) fs::remove(path(input, file(input, "mask", ".json")), ec);
    }
  if (says(old, "segmentation_dicom", segmentation(input))) fs::remove(path(input, segmentation(input)), ec);
  if (!bids()) remove_map_series(path(input, map_series(input)));
  fs::remove(sidecar(input), ec);
  if (ec) fail_input("cannot replace '{}': {}", sidecar(input), ec.message());
}

Sidecar ResultFolder::begin(const CaseInput& input) const {
  if (bids()) make_folder(path(input, ""));
  remove_old(input);
  Sidecar about = common_;
  about.input = input.path;
  about.name = input.name;
  return about;
}

void ResultFolder::finish(const CaseInput& input, Sidecar about) const {
  if (bids()) {
    about.sources = {source(input)};
    const std::string text = json_file_text({{"Sources", about.sources}, {"Description", about.note}});
    // BIDS wants one beside every image.
    write_text_atomically(path(input, file(input, "pseudo_healthy", ".json")), text);
    if (!about.mask.empty()) write_text_atomically(path(input, file(input, "mask", ".json")), text);
  }
  write_text_atomically(sidecar(input), sidecar_text(about));
}

SidecarCalibration ResultFolder::calibrated(double p_value, std::string p_value_of) const {
  SidecarCalibration calibrated;
  calibrated.point = options_.point;
  calibrated.threshold = threshold();
  calibrated.thresholds = calibration_->thresholds;
  calibrated.p_value = p_value;
  calibrated.p_value_of = std::move(p_value_of);
  calibrated.cases = static_cast<int64_t>(calibration_->scores.size());
  calibrated.promise = calibration_->promise(options_.point);
  return calibrated;
}

std::string ResultFolder::source(const CaseInput& input) const {
  const auto place = bids_place(input.path);
  const bool linked = place && place->dataset == raw_;
  return linked ? "bids:raw:" + place->path : real_path(input.path);
}

void ResultFolder::describe_dataset() {
  const std::string description = options_.output + "/dataset_description.json";
  std::error_code ec;
  if (fs::exists(description, ec) && !is_generated_here(json_file(description)))
    fail_usage("'{}' describes another dataset; give the results a folder of their own, e.g. '{}'", description,
               (fs::path(options_.output) / "derivatives/thor").string());
  for (const std::string& input : options_.inputs) {
    const auto place = bids_place(fs::is_directory(input, ec) ? input + "/file" : input);
    if (place && raw_.empty()) raw_ = place->dataset;
  }
  nlohmann::json about{{"Name", "Anomaly maps by thor"},
                       {"BIDSVersion", "1.8.0"},
                       {"DatasetType", "derivative"},
                       {"GeneratedBy",
                        {{{"Name", "thor"},
                          {"Version", version()},
                          {"Description", fmt::format("Unsupervised anomaly detection with the detector {}. {}",
                                                      options_.detector_name, kResearchNote)}}}}};
  if (!raw_.empty()) {
    about["SourceDatasets"] = {{{"URL", "file://" + raw_}}};
    about["DatasetLinks"] = {{"raw", "file://" + raw_}};
  }
  write_text_atomically(description, json_file_text(about));
}

}  // namespace thor
