// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/result_folder.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/version.h"
#include "thor/pipeline/bids.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

constexpr const char* kKinds[] = {"map", "pseudo_healthy", "overlay", "mask"};
constexpr const char* kEndings[] = {".png", ".nii.gz"};
constexpr uint64_t kMaxSidecarBytes = uint64_t{16} << 20;
constexpr const char* kResearchNote =
    "Research software, not a medical device: not for diagnosis or any other clinical decision.";

fs::path real_path(const std::string& path) {
  std::error_code ec;
  const fs::path real = fs::weakly_canonical(path, ec);
  return ec ? fs::path(path) : real;
}

nlohmann::json described(PreprocessConfig config) { return Fields(config).to_json(); }

std::string json_text(const nlohmann::json& value) {
  return value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

/// The name of the mask that an earlier run left beside this sidecar; "" where there is none.
std::string mask_of_sidecar(const std::string& path) {
  std::error_code ec;
  if (!fs::is_regular_file(path, ec) || fs::file_size(path, ec) > kMaxSidecarBytes) return {};
  const auto old = nlohmann::json::parse(read_text_file(path, kMaxSidecarBytes), nullptr, /*allow_exceptions=*/false);
  const auto mask = old.is_object() ? old.find("mask") : old.end();
  return mask != old.end() && mask->is_string() ? mask->get<std::string>() : std::string();
}

std::optional<Calibration> calibration_for(const Pipeline& pipeline, const DetectOptions& options) {
  if (!(options.fpr > 0 && options.fpr < 1))
    fail_usage("the false-positive rate is {}, expected a share between 0 and 1, e.g. 0.05", options.fpr);
  const CalibrationSetting setting{options.detector_name, options.detector_config, pipeline.perceptual()};
  auto found = find_calibration(pipeline.model(), setting);
  if (found)
    found->threshold(options.fpr);
  else
    info(
        "the model has no calibration for this ({}), so there are no masks and no p-values; 'thor calibrate MODEL "
        "--data HEALTHY.csv' with the same settings makes one",
        missing_calibration(pipeline.model(), setting));
  return found;
}

}  // namespace

ResultFolder::ResultFolder(const Pipeline& pipeline, const DetectOptions& options, const RunConfig& run)
    : options_(options), calibration_(calibration_for(pipeline, options)) {
  if (options.layout != "flat" && options.layout != "bids")
    fail_usage("the layout is '{}'; it can be flat or bids", options.layout);
  make_folder(options.output);
  common_ = {{"thor", version()},
             {"note", kResearchNote},
             {"detector", {{"name", options.detector_name}, {"config", options.detector_config}}},
             {"perceptual", pipeline.perceptual()},
             {"network_calls", pipeline.network_calls()},
             {"model", {{"sha256", pipeline.model().hash}}},
             {"network_size", pipeline.model().config.preprocess.size},
             {"preprocess", described(pipeline.model().config.preprocess)},
             {"seed", run.seed},
             {"device", pipeline.device()},
             {"precision", run.precision}};
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
  std::set<fs::path> inputs;
  std::set<std::string> results;
  for (const CaseInput& one : cases) inputs.insert(real_path(one.path));
  for (const CaseInput& one : cases) {
    if (!results.insert(sidecar(one)).second)
      fail_usage("'{}' and another input would both write '{}'; detect them into different folders", one.path,
                 sidecar(one));
    for (const char* kind : kKinds)
      for (const char* ending : kEndings)
        if (const std::string result = path(one, file(one, kind, ending)); inputs.count(real_path(result)))
          fail_usage("a result would overwrite the input '{}'; give the results another folder", result);
  }
  if (calibration_) check_masks(cases);
}

void ResultFolder::check_masks(const std::vector<CaseInput>& cases) const {
  for (const CaseInput& one : cases)
    for (const char* ending : kEndings) {
      const std::string mask = file(one, "mask", ending);
      std::error_code ec;
      if (fs::exists(path(one, mask), ec) && mask_of_sidecar(sidecar(one)) != mask)
        fail_usage("'{}' is there already and not by an earlier run; move it, or give the results another folder",
                   path(one, mask));
    }
}

void ResultFolder::remove_old(const CaseInput& input) const {
  const std::string old = sidecar(input), mask = mask_of_sidecar(old);
  std::error_code ec;
  for (const char* ending : kEndings)
    if (mask == file(input, "mask", ending)) fs::remove(path(input, mask), ec);
  fs::remove(old, ec);
  if (ec) fail_input("cannot replace '{}': {}", old, ec.message());
}

nlohmann::json ResultFolder::begin(const CaseInput& input) const {
  if (bids()) make_folder(path(input, ""));
  remove_old(input);
  nlohmann::json about = common_;
  about["input"] = input.path;
  about["name"] = input.name;
  return about;
}

void ResultFolder::finish(const CaseInput& input, nlohmann::json about) const {
  if (bids()) {
    about["Sources"] = sources(input);
    for (const char* kind : {"pseudo_healthy", "mask"})  // BIDS wants one beside every image
      if (about.contains(kind))
        write_text_atomically(path(input, file(input, kind, ".json")),
                              json_text({{"Sources", about["Sources"]}, {"Description", about["note"]}}));
  }
  write_text_atomically(sidecar(input), json_text(about));
}

nlohmann::json ResultFolder::calibrated(double p_value) const {
  return {{"fpr", options_.fpr},
          {"threshold", threshold()},
          {"thresholds", to_json(*calibration_).at("thresholds")},
          {"p_value", p_value},
          {"cases", calibration_->scores.size()}};
}

nlohmann::json ResultFolder::sources(const CaseInput& input) const {
  const auto place = bids_place(input.path);
  const bool linked = place && place->dataset == raw_;
  return nlohmann::json::array({linked ? "bids:raw:" + place->path : real_path(input.path).string()});
}

void ResultFolder::describe_dataset() {
  for (const std::string& input : options_.inputs) {
    std::error_code ec;
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
  write_text_atomically(options_.output + "/dataset_description.json", json_text(about));
}

}  // namespace thor
