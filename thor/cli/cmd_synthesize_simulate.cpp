// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "thor/cli/command.h"
#include "thor/synth/simulated_set.h"

namespace thor {
namespace {

struct SimulateOptions {
  SimulateJob job;
  std::vector<std::string> sets;
};

int run(SimulateOptions& options) {
  Fields fields;
  fields.group("change", options.job.change);
  for (const auto& set : options.sets) fields.assign(set);
  fmt::print("{}\n", write_simulated_set(options.job));
  return 0;
}

}  // namespace

Command synthesize_simulate_command() {
  const auto o = std::make_shared<SimulateOptions>();
  return {
      "synthesize simulate",
      CommandGroup::Study,
      "the same slices from another scanner, to see what a model can bear",
      "CSV lists slices, with masks or without. Each is written once, changed: OUT/images, OUT/masks and\n"
      "OUT/index.csv, for `thor benchmark`, `thor calibrate --check` and `thor detect`. change.kind is bias_field,\n"
      "noise, contrast, resolution or shift; change.strength has the unit of its kind: deviation of the logarithm,\n"
      "deviation with white = 1, exponent, pixels that become one, pixels.",
      {{"synthesize simulate test.csv -o noisy --set change.kind=noise --set change.strength=0.03", "more noise"},
       {"synthesize simulate test.csv -o moved --set change.kind=shift --set change.strength=2",
        "registered 2 pixels off"}},
      {{"CSV", "", "slices", &o->job.source, true},
       {"-o,--out", "OUT", "folder to write to", &o->job.output, true},
       set_option(o->sets, "change.*"),
       seed_option(o->job.seed)},
      [o] { return run(*o); }};
}

}  // namespace thor
