// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "thor/base/log.h"
#include "thor/cli/command.h"
#include "thor/eval/evaluation.h"

namespace thor {
namespace {

struct EvaluateOptions {
  std::string maps, truth;
  bool json = false, native = false;
};

int run(const EvaluateOptions& options) {
  const Evaluation evaluation = evaluate(options.maps, options.truth, options.native);
  if (evaluation.missing > 0) warn("{} rows of {} have no map in {}", evaluation.missing, options.truth, options.maps);
  fmt::print("{}\n", options.json ? evaluation.to_json().dump(2) : evaluation.table());
  return 0;
}

}  // namespace

Command evaluate_command() {
  const auto o = std::make_shared<EvaluateOptions>();
  return {
      "evaluate",
      "compare anomaly maps with true lesion masks",
      "Matches the maps that `thor detect` wrote with the masks of a CSV (columns: image,mask[,group]) and prints, for "
      "small,\n"
      "medium and large lesions and for all: oracle Dice (the best of 101 thresholds on this very set, so an upper\n"
      "bound), AUPRC, AUROC and the mean Dice per case. Computed on the network's grid, as the paper does.",
      {{"evaluate --maps maps --truth phantoms/test.csv", "a table"},
       {"evaluate --maps maps --truth phantoms/test.csv --json", "with every case, for programs"}},
      {{"--maps", "DIR", "folder that `thor detect` wrote", &o->maps, true},
       {"--truth", "CSV", "images and their masks", &o->truth, true},
       {"--native", "", "compare on each image's own grid", &o->native},
       json_option(o->json)},
      [o] { return run(*o); }};
}

}  // namespace thor
