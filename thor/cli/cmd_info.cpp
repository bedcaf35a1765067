// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "thor/base/utf8.h"
#include "thor/cli/command.h"
#include "thor/cli/scan_facts.h"
#include "thor/eval/calibrate.h"
#include "thor/pipeline/calibration.h"
#include "thor/pipeline/detector_choice.h"
#include "thor/pipeline/model_place.h"

namespace thor {
namespace {

struct InfoOptions {
  std::string path, series;
  int64_t frame = -1;
  bool json = false;
};

/// A safetensors file by its ending or its first bytes: a length, then JSON.
bool is_model(const std::string& path) {
  if (std::filesystem::path(path).extension() == ".safetensors") return true;
  char head[9] = {};
  return std::ifstream(path, std::ios::binary).read(head, sizeof head) && head[8] == '{';
}

/// Counts the tensors of one network into the section `file`.
void count_tensors(const StateDict& weights, nlohmann::json& file) {
  int64_t parameters = 0;
  for (const auto& [name, tensor] : weights) parameters += tensor.numel();
  file["tensors"] = file.value("tensors", int64_t{0}) + static_cast<int64_t>(weights.size());
  file["parameters"] = file.value("parameters", int64_t{0}) + parameters;
}

/// A member without its preprocessing, which is that of the ensemble.
nlohmann::json describe_member(const Model& model) {
  ModelConfig config = model.config;
  nlohmann::json out = Fields(config).to_json();
  out.erase("preprocess");
  out["detector"] = parse(model.detector);
  out["training"] = parse(model.training);
  return out;
}

/// An ensemble has no network of its own; its detector is the one that adds up the evidence of its members.
void describe_members(const Model& ensemble, nlohmann::json& out) {
  for (const char* of_one_network : {"model", "diffusion", "noise"}) out.erase(of_one_network);
  out["file"]["networks"] = ensemble.members().size();
  const DetectorChoice choice = choose_detector(ensemble, "", {});
  out["detector"] = parse(detector_settings(choice.name, *choice.detector));
  for (const Member& member : ensemble.members()) {
    out["members"][member.name] = describe_member(member.model);
    count_tensors(member.model.weights(), out["file"]);
  }
}

nlohmann::json describe(Model& model, const std::string& path) {
  nlohmann::json out = Fields(model.config).to_json();
  out["file"] = {{"path", path}, {"sha256", model.hash}};
  out["detector"] = parse(model.detector);
  out["members"] = nlohmann::json::object();
  out["training"] = parse(model.training);
  out["calibration"] = parse(model.calibration);
  if (model.is_ensemble())
    describe_members(model, out);
  else
    count_tensors(model.weights(), out["file"]);
  return out;
}

void print_section(const std::string& prefix, const nlohmann::json& value) {
  for (const auto& [key, item] : value.items()) {
    const std::string name = prefix.empty() ? key : prefix + "." + key;
    if (item.is_object()) {
      print_section(name, item);
    } else {
      fmt::print("{:<28} {}\n", name, item.is_string() ? item.get<std::string>() : dump_json(item));
    }
  }
}

std::string indented(const nlohmann::json& value) { return dump_json(value, 2); }

int describe_model(const InfoOptions& options) {
  Model model = load_model(options.path);
  const nlohmann::json out = describe(model, options.path);
  if (options.json) {
    fmt::print("{}\n", indented(out));
    return 0;
  }
  for (const char* section : {"file", "model", "diffusion", "noise", "preprocess", "detector", "members", "training"})
    if (out.contains(section)) print_section(section, out.at(section));
  for (const Calibration& calibration : calibrations_of(model)) fmt::print("\n{}", calibration_table(calibration));
  return 0;
}

int describe_scan(const InfoOptions& options) {
  if (options.series.empty() && std::filesystem::is_directory(options.path)) {
    const nlohmann::json series = series_facts(options.path);
    if (series.size() > 1) {
      if (options.json) fmt::print("{}\n", indented({{"series", series}}));
      for (size_t i = 0; !options.json && i < series.size(); ++i)
        print_section(fmt::format("series.{}", i + 1), series[i]);
      return 0;
    }
  }
  const nlohmann::json facts = scan_facts(read_scan(options.path, {options.frame, options.series}));
  options.json ? fmt::print("{}\n", indented(facts)) : print_section("", facts);
  return 0;
}

}  // namespace

Command info_command() {
  const auto o = std::make_shared<InfoOptions>();
  return {"info",
          CommandGroup::Use,
          "what a model file or a scan says about itself",
          "Of a model: network, schedule, noise, preprocessing, recommended detector and where it came from. Of a scan "
          "(every format that is read): size, spacing, orientation, place, values; a folder with several DICOM series "
          "is listed.",
          {{"info run/model.safetensors", "a model, for people"},
           {"info run/model.safetensors --json", "for programs"},
           {"info scan.nii.gz", "a scan"},
           {"info dicom/ --series 2", "the second series of a folder"}},
          {{"FILE", "", "model file, scan, or folder of DICOM", &o->path, true},
           {"--series", "NUMBER", "which DICOM series of several, by number or UID", &o->series},
           {"--frame", "N", "which frame of a 4-D scan, from 0", &o->frame},
           json_option(o->json)},
          [o] {
            o->path = find_model(o->path);
            return is_model(o->path) ? describe_model(*o) : describe_scan(*o);
          }};
}

}  // namespace thor
