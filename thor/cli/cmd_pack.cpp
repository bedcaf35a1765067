// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/cli/command.h"
#include "thor/pipeline/detector_choice.h"
#include "thor/pipeline/members.h"

namespace thor {
namespace {

struct PackOptions {
  std::string model, member, output, detector;
  Precision store = Precision::Bf16;
  std::vector<std::string> sets;
};

int run(const PackOptions& options) {
  Model model = load_member(options.model, options.member);
  model.member.clear();
  if (!options.detector.empty() || !options.sets.empty()) {
    const DetectorChoice choice = choose_detector(model, options.detector, options.sets);
    check_detector(*choice.detector, Diffusion(model.config.diffusion));
    model.detector = detector_settings(choice.name, *choice.detector);
  }
  if (!model.calibration.empty()) {
    warn("the calibration is left behind: the stored weights are rounded; calibrate '{}'", options.output);
    model.calibration = JsonText("{}");
  }
  nlohmann::json training = parse(model.training);
  training["packed_from"] = model.hash;
  model.training = json_text(training);
  save_model(options.output, model, options.store);
  fmt::print("{}\n", options.output);
  return 0;
}

}  // namespace

Command pack_command() {
  const auto o = std::make_shared<PackOptions>();
  return {
      "pack",
      CommandGroup::Build,
      "a model to hand on: half the size, with the detector it recommends",
      "Writes the weights in bfloat16 and stores which detector, with which settings, `thor detect` uses when none is\n"
      "named. Calibrate the packed file, not the original. Of an ensemble, --member writes one network as a model of "
      "its\n"
      "own; --set changes the ensemble's own settings, those of its members stay.",
      {{"pack run/model.safetensors -o brain.safetensors --detector thor --set detector.speed=fast",
        "THOR in short chains"},
       {"pack run/model.safetensors -o exact.safetensors --store fp32", "the same weights to the last bit"}},
      {{"MODEL", "", "model file", &o->model, true},
       {"-o,--out", "OUT", "model file to write", &o->output, true},
       member_option(o->member),
       {"--store",
        "PRECISION",
        "of the weights in the file (default: bf16)",
        choice_of(&o->store),
        false,
        {"bf16", "fp32"}},
       detector_option(o->detector),
       set_option(o->sets, "detector.*")},
      [o] { return run(*o); }};
}

}  // namespace thor
