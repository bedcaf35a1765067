// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/utf8.h"
#include "thor/base/version.h"
#include "thor/cli/command.h"
#include "thor/cli/template_places.h"
#include "thor/nn/perceptual.h"
#include "thor/nn/weights/safetensors.h"
#include "thor/nn/weights/torch_file.h"
#include "thor/pipeline/detector_choice.h"
#include "thor/pipeline/model_change.h"
#include "thor/pipeline/pipeline.h"
#include "thor/train/experiment.h"

namespace thor {
namespace {

struct ImportOptions {
  std::vector<std::string> files;
  std::string output, as = "unet", config;
  Precision store = Precision::Fp32;
  std::vector<std::string> sets, templates;
};

/// Keys that a weights file says nothing about and that change what a detection finds.
const std::vector<std::string> kUntold{"model.head_channels",  "model.norm_groups",   "diffusion.schedule",
                                       "diffusion.prediction", "diffusion.range_low", "diffusion.range_high",
                                       "noise.kind",           "preprocess.size",     "preprocess.intensity"};

void say_what_was_assumed(const ModelConfig& config, const std::vector<std::string>& sets) {
  ModelConfig copy = config;
  const nlohmann::json values = Fields(copy).to_json();
  std::vector<std::string> assumed;
  for (const auto& key : kUntold) {
    const auto given = [&](const std::string& set) { return set.rfind(key + "=", 0) == 0; };
    if (std::any_of(sets.begin(), sets.end(), given)) continue;
    const auto dot = key.find('.');
    const auto& value = values.at(key.substr(0, dot)).at(key.substr(dot + 1));
    assumed.push_back(key + "=" + (value.is_string() ? value.get<std::string>() : dump_json(value)));
  }
  if (!assumed.empty())
    warn("the file does not say, so this was assumed (change it with --set or --config): {}", fmt::join(assumed, " "));
}

bool holds_a_model(const std::string& path) {
  return std::filesystem::path(path).extension() == ".safetensors" &&
         read_safetensors(path).metadata.count("thor.config") > 0;
}

/// Gives a model the preprocessing of an experiment, so that one that was trained on ready slices takes raw volumes.
int import_steps(const ImportOptions& options) {
  const std::string& path = options.files[0];
  Model model = load_model(path);
  const PreprocessConfig to = load_experiment(options.config, options.sets).model.preprocess;
  change_preprocessing(model, to);
  model.templates = load_templates(to.steps, template_places(options.templates));
  prepare_to_store(model, options.store);
  save_model(options.output, model, options.store);
  fmt::print("{}\n", options.output);
  return 0;
}

int import_unet(const ImportOptions& options) {
  if (options.files.size() != 1) fail_usage("--as unet takes one file, {} were given", options.files.size());
  if (options.output.empty()) fail_usage("--out is needed: where the model is written (.safetensors)");
  const std::string& path = options.files[0];
  if (!options.config.empty() && with_context("importing " + path, [&] { return holds_a_model(path); }))
    return import_steps(options);
  const auto original = with_context("importing " + path, [&] { return read_weights_file(path); });
  const auto file = with_context("importing " + path, [&] { return to_generative_names(original); });

  Model model;
  if (options.config.empty()) {
    const ArchitectureRow& row = architecture_row(network_of_kind("", options.sets).kind());
    model.config.model = *with_context("importing " + path, [&] { return row.of_weights(file); });
    Fields fields(model.config);
    if (has_monai_core_names(original)) fields.set("model.attention_projection", "true");
    for (const auto& set : options.sets) fields.assign(set);
    model.config.check();
  } else {
    const ExperimentConfig experiment = load_experiment(options.config, options.sets);
    model.config = experiment.model;
    model.detector = detector_settings(experiment.detector_name, *experiment.detector);
    model.templates = load_templates_if_there(model.config.preprocess.steps, template_places(options.templates));
  }
  model.networks =
      with_context("importing " + path, [&] { return load_strictly(file, model.config.model->shapes(), path); });
  if (options.config.empty()) say_what_was_assumed(model.config, options.sets);
  model.training = json_text({{"imported_from", std::filesystem::path(path).filename().string()},
                              {"imported_sha256", sha256_of_file(path)},
                              {"imported_by", fmt::format("thor {}", version())}});
  save_model(options.output, model, options.store);
  fmt::print("{}\n", options.output);
  return 0;
}

/// All tensors of the files, in float32: torchvision keeps the features and the lpips package the heads.
StateDict lpips_weights(const std::vector<std::string>& files) {
  StateDict all;
  for (const auto& path : files)
    for (const auto& [name, tensor] : with_context("importing " + path, [&] { return read_weights_file(path); }))
      all[name] = tensor.to(at::kFloat).contiguous();
  return to_lpips_names(all);
}

int import_lpips(const ImportOptions& options) {
  if (!options.sets.empty() || !options.config.empty() || options.store != Precision::Fp32)
    fail_usage("--set, --config and --store belong to --as unet");
  Safetensors content{lpips_weights(options.files), {{"thor.imported_by", fmt::format("thor {}", version())}}};
  const std::string what = fmt::format("importing {}", fmt::join(options.files, " and "));
  const Lpips lpips = with_context(what, [&] { return Lpips(content.tensors); });
  const std::string found = lpips.net() == LpipsNet::Squeeze ? "lpips-squeeze" : "lpips-alex";
  if (found != options.as)
    fail_input("{} is {}, not {} (use --as {})", fmt::join(options.files, " "), found, options.as, found);

  std::string output = options.output;
  if (output.empty()) {
    make_folder(thor_home());
    output = thor_home() + "/" + found + ".safetensors";
  }
  write_safetensors(output, content);
  fmt::print("{}\n", output);
  return 0;
}

int run(const ImportOptions& options) { return options.as == "unet" ? import_unet(options) : import_lpips(options); }

}  // namespace

Command import_command() {
  const auto o = std::make_shared<ImportOptions>();
  return {"import",
          CommandGroup::Build,
          "turn PyTorch or safetensors weights into a model, or install LPIPS weights",
          "Reads .pt, .pth, .ckpt (zip or legacy; nothing in them is executed) and .safetensors. A network is\n"
          "recognized by names and shapes, MONAI's and the published THOR's, and must fit to the last tensor. What\n"
          "a weights file cannot say (heads, groups, noise, range) is assumed, listed, and set with --set or an\n"
          "experiment file. LPIPS weights: one file, or torchvision's features and the package's heads; without\n"
          "--out they go where `thor detect` looks for them: THOR_HOME. A model of this program with --config: the\n"
          "same network, or ensemble, with that experiment's preprocessing, e.g. the steps for raw volumes; --store\n"
          "bf16 keeps a packed one small.",
          {{"import last.pt -o model.safetensors --set model.head_channels=64 --set model.norm_groups=16", "a UNet"},
           {"import checkpoint.pt -o model.safetensors --config configs/thor-brain.yaml", "the published THOR"},
           {"import model.safetensors -o mni.safetensors --config configs/thor-brain.yaml "
            "--template MNI152NLin2009cSym=mni.nii.gz",
            "a model of ready slices learns to take raw scans"},
           {"import both.safetensors -o mni.safetensors --config configs/thor-brain.yaml --store bf16",
            "so does an ensemble, which stays as small as it was"},
           {"import squeezenet1_1.pth squeeze.pth --as lpips-squeeze", "LPIPS, for the perceptual distance"}},
          {{"FILE", "", "weights", &o->files, true},
           {"-o,--out", "FILE", "file to write (.safetensors)", &o->output},
           {"--as", "KIND", "what it is (default: unet)", &o->as, false, {"unet", "lpips-squeeze", "lpips-alex"}},
           {"--config", "YAML", "experiment file that describes the network", &o->config},
           {"--store",
            "PRECISION",
            "of the weights in the file (default: fp32)",
            choice_of(&o->store),
            false,
            {"bf16", "fp32"}},
           template_option(o->templates),
           set_option(o->sets, "model.*, diffusion.*, noise.*, preprocess.*")},
          [o] { return run(*o); }};
}

}  // namespace thor
