// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "thor/cli/command.h"
#include "thor/synth/phantom.h"

namespace thor {
namespace {

struct PhantomOptions {
  std::string output;
  std::vector<std::string> sets;
  uint64_t seed = 0;
};

int run(const PhantomOptions& options) {
  PhantomConfig config;
  config.seed = static_cast<int64_t>(options.seed);
  Fields fields;
  fields.group("phantom", config);
  for (const auto& set : options.sets) fields.assign(set);
  for (const auto& list : write_phantoms(options.output, config)) fmt::print("{}\n", list);
  return 0;
}

}  // namespace

Command synthesize_phantom_command() {
  const auto o = std::make_shared<PhantomOptions>();
  return {
      "synthesize phantom",
      CommandGroup::Study,
      "make synthetic head slices or wrist X-rays, healthy and with anomalies, to try things on",
      "Writes gray PNGs of synthetic head slices into OUT/images, the lesions' masks into OUT/masks, and three\n"
      "lists: train.csv and val.csv (healthy) and test.csv (one small, medium or large lesion each).\n"
      "phantom.kind=xray draws wrists of 16 bit instead, with metal, a fracture or a foreign body, and also writes\n"
      "boxes.csv and healthy.csv for `thor evaluate boxes`. Parameters: phantom.kind, phantom.size, phantom.train,\n"
      "phantom.val, phantom.test.",
      {{"synthesize phantom phantoms", "the default set"},
       {"synthesize phantom wrists --set phantom.kind=xray --set phantom.test=60", "wrist radiographs"},
       {"synthesize phantom phantoms --seed 7 --set phantom.size=64 --set phantom.train=400",
        "more and smaller slices"}},
      {{"OUT", "", "folder to write to", &o->output, true}, set_option(o->sets, "phantom.*"), seed_option(o->seed)},
      [o] { return run(*o); }};
}

}  // namespace thor
