// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "thor/cli/command.h"
#include "thor/data/archive.h"
#include "thor/train/experiment.h"

namespace thor {
namespace {

struct PrepareOptions {
  std::string csv, output, config;
  std::vector<std::string> sets;
};

PreprocessConfig preprocessing(const PrepareOptions& options) {
  if (!options.config.empty()) return load_experiment(options.config, options.sets).model.preprocess;
  PreprocessConfig config;
  Fields fields;
  fields.group("preprocess", config);
  for (const auto& set : options.sets) fields.assign(set);
  return config;
}

int run(const PrepareOptions& options) {
  const Archive archive = prepare(read_split(options.csv), preprocessing(options));
  write_archive(options.output, archive);
  fmt::print("{}: {} slices of {}x{}\n", options.output, archive.slices.size(0), archive.slices.size(1),
             archive.slices.size(2));
  return 0;
}

}  // namespace

Command prepare_command() {
  const auto o = std::make_shared<PrepareOptions>();
  return {
      "prepare",
      "decode and preprocess the images of a CSV once, into one file",
      "Reads every image that the CSV lists (columns: image[,mask,group], or filename), scales, pads and resizes it,\n"
      "and writes one archive that `thor train --data` maps into memory instead of decoding pictures. The archive\n"
      "must have the preprocessing of the experiment it is used with: give the same --config.",
      {{"prepare train.csv -o train.safetensors --config configs/thor-brain.yaml", "the data of an experiment"},
       {"prepare train.csv -o train.safetensors --set preprocess.size=64", "small slices"}},
      {{"CSV", "", "list of images", &o->csv, true},
       {"-o,--out", "FILE", "archive to write (.safetensors)", &o->output, true},
       {"--config", "YAML", "experiment whose preprocessing is used", &o->config},
       set_option(o->sets, "preprocess.*")},
      [o] { return run(*o); }};
}

}  // namespace thor
