// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/case_writer.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <set>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/version.h"
#include "thor/image/overlay.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

constexpr const char* kEndings[] = {".png", ".nii.gz"};
constexpr uint64_t kMaxSidecarBytes = 1 << 20;
constexpr const char* kResearchNote =
    "Research software, not a medical device: not for diagnosis or any other clinical decision.";

const char* ending(const OpenCase& one) { return one.medical ? ".nii.gz" : ".png"; }

fs::path real_path(const std::string& path) {
  std::error_code ec;
  const fs::path real = fs::weakly_canonical(path, ec);
  return ec ? fs::path(path) : real;
}

nlohmann::json described(PreprocessConfig config) { return Fields(config).to_json(); }

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
        "--data "
        "HEALTHY.csv' with the same settings makes one",
        missing_calibration(pipeline.model(), setting));
  return found;
}

}  // namespace

OpenCase open_case(const CaseInput& input, const PreprocessConfig& config) {
  const Image image = read_image(input.path);
  const PreparedSlice prepared = preprocess(config, image);
  OpenCase one;
  one.input = input;
  one.key = {content_id(image), 0};
  one.unit = prepared.unit;
  one.black = prepared.black;
  one.white = prepared.white;
  one.gray = ((image.voxels[0] - one.black) / (one.white - one.black)).clamp(0, 1).mul(255).round().to(at::kByte);
  one.geometry = image.geometry;
  one.medical = image.medical;
  return one;
}

Images stacked(const std::vector<OpenCase>& batch) {
  Images images;
  std::vector<Tensor> units;
  for (const OpenCase& one : batch) {
    units.push_back(one.unit);
    images.keys.push_back(one.key);
  }
  images.pixels = at::stack(units).unsqueeze(1);
  return images;
}

CaseWriter::CaseWriter(const Pipeline& pipeline, const DetectOptions& options, const RunConfig& run)
    : options_(options), calibration_(calibration_for(pipeline, options)) {
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
}

void CaseWriter::check_inputs(const std::vector<CaseInput>& cases) const {
  for (const std::string& input : options_.inputs) {
    std::error_code ec;
    if (fs::is_directory(input, ec) && fs::equivalent(input, options_.output, ec))
      fail_usage("'{}' is both input and output; give the results another folder", input);
  }
  std::set<fs::path> inputs;
  for (const CaseInput& one : cases) inputs.insert(real_path(one.path));
  for (const CaseInput& one : cases)
    for (const char* kind : {"_map", "_pseudo_healthy", "_overlay", "_mask"})
      for (const char* extension : kEndings)
        if (inputs.count(real_path(path(one.name + kind + extension))))
          fail_usage("a result would overwrite the input '{}'; give the results another folder",
                     path(one.name + kind + extension));
  if (calibration_) check_masks(cases);
}

void CaseWriter::check_masks(const std::vector<CaseInput>& cases) const {
  for (const CaseInput& one : cases)
    for (const char* extension : kEndings) {
      const std::string file = one.name + "_mask" + extension;
      std::error_code ec;
      if (fs::exists(path(file), ec) && mask_of_sidecar(path(one.name + ".json")) != file)
        fail_usage("'{}' is there already and not by an earlier run; move it, or give the results another folder",
                   path(file));
    }
}

std::string CaseWriter::write_map(const OpenCase& one, const Tensor& map, double full_scale) const {
  const std::string file = one.input.name + "_map" + ending(one);
  if (one.medical)
    write_nifti(path(file), map, one.geometry);
  else
    write_png(path(file), map / full_scale, 16);
  return file;
}

std::string CaseWriter::write_pseudo_healthy(const OpenCase& one, const Tensor& unit) const {
  const std::string file = one.input.name + "_pseudo_healthy" + ending(one);
  if (one.medical)
    write_nifti(path(file), unit * (one.white - one.black) + one.black, one.geometry);
  else
    write_png(path(file), unit, 16);
  return file;
}

std::string CaseWriter::write_overlay(const OpenCase& one, const Tensor& map) const {
  const std::string file = one.input.name + "_overlay.png";
  write_png_rgb(path(file), overlay(one.gray.to(at::kFloat) / 255, map.clamp(0, 1)));
  return file;
}

std::string CaseWriter::write_mask(const OpenCase& one, const Tensor& network_map) const {
  const std::string file = one.input.name + "_mask" + ending(one);
  const Tensor above = network_map.gt(calibration_->threshold(options_.fpr));
  const Tensor mask = mask_to_native_grid(above, one.gray.size(0), one.gray.size(1));  // [H,W]
  if (one.medical)
    write_nifti(path(file), mask, one.geometry);
  else
    write_png(path(file), mask, 8);
  return file;
}

nlohmann::json CaseWriter::calibrated(double score) const {
  return {{"fpr", options_.fpr},
          {"threshold", calibration_->threshold(options_.fpr)},
          {"thresholds", to_json(*calibration_).at("thresholds")},
          {"p_value", calibration_->p_value(score)},
          {"cases", calibration_->scores.size()}};
}

void CaseWriter::remove_old(const std::string& name) const {
  const std::string sidecar = path(name + ".json"), mask = mask_of_sidecar(sidecar);
  for (const char* extension : kEndings)
    if (mask == name + "_mask" + extension) {
      std::error_code ec;
      fs::remove(path(mask), ec);
    }
  std::error_code ec;
  fs::remove(sidecar, ec);
  if (ec) fail_input("cannot replace '{}': {}", sidecar, ec.message());
}

CaseOutput CaseWriter::write(const OpenCase& one, const CaseFinding& finding) const {
  remove_old(one.input.name);
  const int64_t height = one.gray.size(0), width = one.gray.size(1);
  const Tensor map = to_native_grid(finding.map, height, width);                 // [H,W]
  const Tensor healthy = to_native_grid(finding.pseudo_healthy, height, width);  // [H,W]
  const double full_scale = one.medical ? 1.0 : std::max(1.0, map.max().item<double>());
  nlohmann::json about = common_;
  about["input"] = one.input.path;
  about["name"] = one.input.name;
  about["score"] = finding.score;
  about["map"] = write_map(one, map, full_scale);
  about["map_full_scale"] = full_scale;
  about["pseudo_healthy"] = write_pseudo_healthy(one, healthy);
  about["overlay"] = write_overlay(one, map);
  CaseOutput output{one.input.path, one.input.name, path(about["map"].get<std::string>()), finding.score, {}};
  if (calibration_) {
    about["mask"] = write_mask(one, finding.map);
    about["calibration"] = calibrated(finding.score);
    output.p_value = calibration_->p_value(finding.score);
  }
  write_text_atomically(path(one.input.name + ".json"),
                        about.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  return output;
}

}  // namespace thor
