// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/cli/command.h"
#include "thor/data/archive.h"
#include "thor/pipeline/detector_choice.h"
#include "thor/pipeline/members.h"

namespace thor {
namespace {

struct PackOptions {
  std::string model, member, output, detector, tissue;
  Precision store = Precision::Bf16;
  std::vector<std::string> sets;
};

/// Lets detection match scans to the brain in these training slices.
void match_to(Model& model, const PackOptions& options) {
  if (model.is_ensemble())
    fail_usage(
        "'{}' is an ensemble, whose healthy references hold for unmatched slices; give `match_to` to its models "
        "and combine them again",
        options.model);
  Archive archive = open_archive(options.tissue, model.config.preprocess);
  if (archive.templates.empty()) archive.templates = model.templates;
  model.tissue =
      with_context(fmt::format("measuring the brain in '{}'", options.tissue), [&] { return measure_tissue(archive); });
  if (model.config.preprocess.landmarks.empty()) model.config.preprocess.landmarks = {0.02, 0.1, 0.25, 0.5, 0.75, 0.9};
}

int run(const PackOptions& options) {
  Model model = load_member(options.model, options.member);
  model.member.clear();
  if (!options.detector.empty() || !options.sets.empty()) {
    const DetectorChoice choice = choose_detector(model, options.detector, options.sets);
    check_detector(*choice.detector, Diffusion(model.config.diffusion));
    model.detector = detector_settings(choice.name, *choice.detector);
  }
  if (!options.tissue.empty()) match_to(model, options);
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
       {"--match-to", "ARCHIVE",
        "match the brain's intensities of every scan to these training slices (of `thor prepare`)", &o->tissue},
       detector_option(o->detector),
       set_option(o->sets, "detector.*")},
      [o] { return run(*o); }};
}

}  // namespace thor
