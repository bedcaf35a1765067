// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "thor/cli/command.h"
#include "thor/synth/painted_set.h"

namespace thor {
namespace {

struct PaintOptions {
  PaintJob job;
  std::vector<std::string> sets;
};

int run(PaintOptions& options) {
  Fields fields;
  fields.group("paint", options.job.config);
  for (const auto& set : options.sets) fields.assign(set);
  fmt::print("{}\n", write_painted_set(options.job));
  return 0;
}

}  // namespace

Command synthesize_paint_command() {
  const auto o = std::make_shared<PaintOptions>();
  return {
      "synthesize paint",
      CommandGroup::Study,
      "paint lesions into healthy head slices, to choose models and settings on",
      "CSV lists healthy slices (column: image or filename). Each is written once for every size group with a lesion\n"
      "that grows through its tissue, darker or brighter than it: OUT/images, OUT/masks and OUT/index.csv\n"
      "(image,mask,healthy,group,pixels128,contrast), for `thor benchmark` and `thor ablate`. The slices should not\n"
      "be training slices, and the choice must be tested on other images: painted lesions are not real ones.\n"
      "Parameters: paint.groups, paint.dark_share, paint.contrast_min, paint.contrast_max, paint.edge.",
      {{"synthesize paint val.csv -o painted", "a small, a medium and a large lesion for every slice"},
       {"synthesize paint val.csv -o faint --seed 1 --set paint.groups=[small] --set paint.contrast_max=0.3",
        "faint small ones"}},
      {{"CSV", "", "healthy slices", &o->job.healthy, true},
       {"-o,--out", "OUT", "folder to write to", &o->job.output, true},
       set_option(o->sets, "paint.*"),
       seed_option(o->job.seed)},
      [o] { return run(*o); }};
}

}  // namespace thor
