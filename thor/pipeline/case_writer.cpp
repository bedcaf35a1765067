// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/case_writer.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <set>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/version.h"
#include "thor/image/overlay.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

constexpr const char* kResearchNote =
    "Research software, not a medical device: not for diagnosis or any other clinical decision.";

const char* ending(const OpenCase& one) { return one.medical ? ".nii.gz" : ".png"; }

fs::path real_path(const std::string& path) {
  std::error_code ec;
  const fs::path real = fs::weakly_canonical(path, ec);
  return ec ? fs::path(path) : real;
}

nlohmann::json described(PreprocessConfig config) { return Fields(config).to_json(); }

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

CaseWriter::CaseWriter(const Pipeline& pipeline, const DetectOptions& options, const RunConfig& run)
    : options_(options) {
  make_folder(options.output);
  common_ = {{"thor", version()},
             {"note", kResearchNote},
             {"detector", {{"name", options.detector_name}, {"config", options.detector_config}}},
             {"perceptual", pipeline.perceptual()},
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
    for (const char* kind : {"_map", "_pseudo_healthy", "_overlay"})
      for (const char* extension : {".png", ".nii.gz"})
        if (inputs.count(real_path(path(one.name + kind + extension))))
          fail_usage("a result would overwrite the input '{}'; give the results another folder",
                     path(one.name + kind + extension));
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

CaseOutput CaseWriter::write(const OpenCase& one, const CaseFinding& finding) const {
  const std::string sidecar = path(one.input.name + ".json");
  std::error_code ec;
  fs::remove(sidecar, ec);
  if (ec) fail_input("cannot replace '{}': {}", sidecar, ec.message());

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
  write_text_atomically(sidecar, about.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  return {one.input.path, one.input.name, path(about["map"].get<std::string>()), finding.score};
}

}  // namespace thor
