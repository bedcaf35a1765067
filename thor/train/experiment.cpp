// SPDX-License-Identifier: Apache-2.0
#include "thor/train/experiment.h"

#include "thor/base/error.h"
#include "thor/base/file.h"

namespace thor {
namespace {

// Reads only what decides which other keys there are and with which defaults: model.kind, detector.name and noise.kind.
void read_choices(ExperimentConfig& config, const std::string& yaml, const std::vector<std::string>& sets) {
  config.model.model = network_of_kind(yaml, sets);
  Fields choice;
  choice.add("detector.name", &config.detector_name, "");
  std::string noise;  // a name that there is not is refused where all keys are read
  choice.add("noise.kind", &noise, "");
  choice.read_known(yaml);
  for (const auto& set : sets)
    if (choice.has(set.substr(0, set.find('=')))) choice.assign(set);
  config.model.noise.kind = value_called<NoiseKind>(noise).value_or(config.model.noise.kind);
  config.detector = make_detector(config.detector_name, config.model.noise.kind);
}

}  // namespace

void TrainConfig::describe(Fields& fields) {
  fields.add("seed", &seed, "names every random number of the training", at_least(0));
  fields.add("steps", &steps, "optimizer steps", between(1, 1e9));
  fields.add("batch", &batch, "images per optimizer step", between(1, 65536));
  fields.add("optimizer", &optimizer, "adam or adamw");
  fields.add("learning_rate", &learning_rate, "after the warm-up", between(0, 1));
  fields.add("weight_decay", &weight_decay, "decoupled, of adamw", between(0, 1));
  fields.add("warmup", &warmup, "optimizer steps over which the learning rate rises linearly", at_least(0));
  fields.add("clip", &clip, "gradient norm; 0 = off", at_least(0));
  fields.add("ema", &ema, "decay of the averaged weights that detection uses; 0 = off", between(0, 0.999999));
  fields.add("precision", &precision, "auto = bf16 where the CPU multiplies it");
  fields.add("loss", &loss, "error of the predicted quantity: mse or l1");
  fields.add("patch", &patch, "pixels; one random patch of this size is noised and counts; 0 = the whole image",
             between(0, 65536));
  fields.add("t_max", &t_max, "train on timesteps below this only; 0 = all", at_least(0));
  fields.add("validate_every", &validate_every, "optimizer steps; 0 = never", at_least(0));
  fields.add("checkpoint_every", &checkpoint_every, "optimizer steps; 0 = only at the end", at_least(0));
  fields.add("sample_every", &sample_every, "optimizer steps between pictures of samples; 0 = never", at_least(0));
  fields.add("max_minutes", &max_minutes, "stop, with a checkpoint, after this much training; 0 = never", at_least(0));
  fields.add("z_share", &z_share, "share of images of which a network with model.z_condition is told the height",
             between(0, 1));
  fields.add("strip_share", &strip_share,
             "share of images whose skull is taken away, all of it or a part, where the archive knows the brain",
             between(0, 1));
  fields.group("augment", augment);
  fields.group("scanner", scanner);
  fields.group("corruption", corruption);
}

void ExperimentConfig::describe(Fields& fields) {
  model.describe(fields);
  fields.group("train", train);
  fields.add("detector.name", &detector_name, "which detector the model is meant for");
  if (detector) fields.group("detector", *detector);
}

void ExperimentConfig::check() const {
  model.check();
  if (train.t_max > model.diffusion.steps)
    fail_usage("'train.t_max' is {}, more than diffusion.steps = {}", train.t_max, model.diffusion.steps);
  train.corruption.check();
  if (model.diffusion.process == Process::Corruption && model.diffusion.prediction == Prediction::Epsilon &&
      train.loss == LossKind::L1)
    fail_usage(
        "train.loss is l1, under which a network that predicts what was added learns to predict nothing; "
        "set it to mse, or diffusion.prediction to sample");
  if (model.diffusion.process == Process::Corruption && train.patch > 0)
    fail_usage("train.patch is {}, but a model that undoes corruption is trained on whole images; set it to 0",
               train.patch);
  check_detector(*detector, Diffusion(model.diffusion));
}

ExperimentConfig load_experiment(const std::string& yaml_path, const std::vector<std::string>& sets) {
  const std::string yaml = read_text_file(yaml_path, 1 << 20);
  ExperimentConfig config;
  with_context("reading " + yaml_path, [&] {
    read_choices(config, yaml, sets);
    Fields(config).read(yaml);
  });
  Fields fields(config);
  for (const auto& set : sets) fields.assign(set);
  config.check();
  return config;
}

}  // namespace thor
