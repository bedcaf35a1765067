// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "thor/cli/command.h"
#include "thor/pipeline/sample_set.h"

namespace thor {
namespace {

struct SampleOptions {
  SampleJob job;
  std::vector<std::string> sets;
};

int run(SampleOptions& options) {
  Fields fields;
  fields.group("sample", options.job.config);
  for (const auto& set : options.sets) fields.assign(set);
  fmt::print("{}\n", write_sample_set(options.job));
  return 0;
}

}  // namespace

Command synthesize_sample_command() {
  const auto o = std::make_shared<SampleOptions>();
  return {
      "synthesize sample",
      CommandGroup::Study,
      "draw healthy images from a diffusion model",
      "Runs the reverse chain from noise to images, which show no real person, and writes OUT/sample_0000.png, ...\n"
      "(8 bit, on the network's grid), OUT/index.csv for `thor detect` and `thor synthesize paint`, and\n"
      "OUT/index.json with model, seed and settings. Image i depends on these and on i, not on batch and count.\n"
      "A start image is noised to sample.start_step and the chain begins there; the higher the step, the less of the\n"
      "image is preserved. Restorers, ensembles and models of patches are refused.\n"
      "Parameters: sample.start_step, sample.sampler.kind, .steps, .timesteps, .eta, .variance.",
      {{"synthesize sample run/model.safetensors -o drawn", "16 images from noise"},
       {"synthesize sample run/model.safetensors -o drawn --count 4 --seed 7 --set sample.sampler.kind=dpmpp_2m --set "
        "sample.sampler.steps=25",
        "four others, in half the network calls"},
       {"synthesize sample run/model.safetensors -o like-this --start-image mean.png --set sample.start_step=600",
        "heads that lie as the one in the picture"}},
      {{"MODEL", "", "model file or name", &o->job.model, true},
       {"-o,--out", "OUT", "folder to write to", &o->job.output, true},
       {"--count", "N", "how many images (default: 16)", &o->job.count},
       {"--start-image", "PICTURE", "image from which the chain begins, with sample.start_step", &o->job.start_image},
       set_option(o->sets, "sample.*"),
       seed_option(o->job.run.seed),
       device_option(o->job.run.device),
       batch_option(o->job.run.batch),
       precision_option(o->job.run.precision)},
      [o] { return run(*o); }};
}

}  // namespace thor
