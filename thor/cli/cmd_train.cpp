// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "thor/cli/command.h"
#include "thor/cli/template_places.h"
#include "thor/train/trainer.h"

namespace thor {
namespace {

struct TrainOptions {
  std::string config, device = "auto";
  TrainPaths paths;
  std::vector<std::string> sets, templates;
  bool resume = false;
};

int run(const TrainOptions& options) {
  TrainPaths paths = options.paths;
  paths.templates = template_places(options.templates);
  const TrainResult result =
      train(load_experiment(options.config, options.sets), paths, options.resume, options.device);
  fmt::print("{}\n", result.model_path);
  return result.interrupted ? kExitInterrupted : 0;
}

}  // namespace

Command train_command() {
  const auto o = std::make_shared<TrainOptions>();
  return {
      "train",
      CommandGroup::Build,
      "train a diffusion model on healthy images",
      "CONFIG is an experiment file (see configs/: every key is explained there). RUN receives model.safetensors\n"
      "(what `thor detect` takes), checkpoint.safetensors (what --resume continues from, exactly), log.jsonl,\n"
      "TensorBoard events and samples/. Ctrl-C leaves a checkpoint; a second Ctrl-C kills. Lists whose masks mark a\n"
      "lesion are refused, validation images that are training images too are warned of.",
      {{"train configs/phantom.yaml --data phantoms/train.csv --val phantoms/val.csv --out run", "a first model"},
       {"train configs/phantom.yaml --data phantoms/train.csv --out run --resume", "go on where it stopped"},
       {"train configs/thor-brain.yaml --data train.safetensors --out run --set train.batch=8 --set train.seed=3",
        "other parameters"},
       {"train configs/thor-brain.yaml --data train.safetensors --out finer --from run/model.safetensors "
        "--set train.t_max=400",
        "go on from a model with another config"}},
      {{"CONFIG", "", "experiment file (YAML)", &o->config, true},
       {"--data", "CSV", "healthy images: a CSV, or an archive made by `thor prepare`", &o->paths.train_data, true},
       {"--val", "CSV", "healthy images to validate on", &o->paths.val_data},
       {"-o,--out", "RUN", "folder for the model, checkpoints and logs", &o->paths.run, true},
       template_option(o->templates),
       {"--from", "MODEL", "start from this model's weights instead of random ones", &o->paths.from},
       {"--resume", "", "continue from RUN's checkpoint", &o->resume},
       set_option(o->sets, "any key of CONFIG"),
       device_option(o->device)},
      [o] { return run(*o); }};
}

}  // namespace thor
