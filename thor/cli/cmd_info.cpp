// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "thor/cli/command.h"
#include "thor/eval/calibrate.h"
#include "thor/pipeline/calibration.h"

namespace thor {
namespace {

struct InfoOptions {
  std::string model;
  bool json = false;
};

nlohmann::json describe(Model& model, const std::string& path) {
  int64_t parameters = 0;
  for (const auto& [name, tensor] : model.weights) parameters += tensor.numel();
  nlohmann::json out = Fields(model.config).to_json();
  out["file"] = {{"path", path}, {"sha256", model.hash}, {"tensors", model.weights.size()}, {"parameters", parameters}};
  out["detector"] = model.detector;
  out["training"] = model.training;
  out["calibration"] = model.calibration;
  return out;
}

void print_section(const std::string& prefix, const nlohmann::json& value) {
  for (const auto& [key, item] : value.items()) {
    const std::string name = prefix.empty() ? key : prefix + "." + key;
    if (item.is_object()) {
      print_section(name, item);
    } else {
      fmt::print("{:<28} {}\n", name,
                 item.is_string() ? item.get<std::string>()
                                  : item.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    }
  }
}

int run(const InfoOptions& options) {
  Model model = load_model(options.model);
  const nlohmann::json out = describe(model, options.model);
  if (options.json) {
    fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return 0;
  }
  for (const char* section : {"file", "model", "diffusion", "noise", "preprocess", "detector", "training"})
    print_section(section, out.at(section));
  for (const Calibration& calibration : calibrations_of(model)) fmt::print("\n{}", calibration_table(calibration));
  return 0;
}

}  // namespace

Command info_command() {
  const auto o = std::make_shared<InfoOptions>();
  return {"info",
          "what a model file says about itself",
          "Checks the file and prints network, schedule, noise, preprocessing, recommended detector and where it came "
          "from.",
          {{"info run/model.safetensors", "for people"}, {"info run/model.safetensors --json", "for programs"}},
          {{"MODEL", "", "model file", &o->model, true}, json_option(o->json)},
          [o] { return run(*o); }};
}

}  // namespace thor
