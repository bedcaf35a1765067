// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/utf8.h"
#include "thor/cli/command.h"
#include "thor/eval/evaluation.h"

namespace thor {
namespace {

struct EvaluateOptions {
  std::string maps, truth, output;
  std::vector<std::string> sets, thresholds;
  bool json = false, native = false;
};

/// "validation=0.35"
NamedThreshold named_threshold(const std::string& text) {
  const size_t equals = text.rfind('=');
  NamedThreshold one;
  char* end = nullptr;
  if (equals != std::string::npos) one = {text.substr(0, equals), std::strtod(text.c_str() + equals + 1, &end)};
  if (one.label.empty() || !end || end == text.c_str() + equals + 1 || *end != '\0' || !std::isfinite(one.value))
    fail_usage("--threshold '{}' is not LABEL=VALUE with a number, e.g. validation=0.35", text);
  return one;
}

int run(const EvaluateOptions& options) {
  EvaluationConfig config;
  Fields fields;
  fields.group("evaluation", config);
  for (const std::string& set : options.sets) fields.assign(set);
  std::vector<NamedThreshold> thresholds;
  for (const std::string& text : options.thresholds) thresholds.push_back(named_threshold(text));

  const Evaluation evaluation = evaluate_folder(options.maps, options.truth, config, thresholds, options.native);
  if (!evaluation.left_out.empty())
    warn("{} cases are left out; the first, '{}': {}", evaluation.left_out.size(), evaluation.left_out[0].name,
         evaluation.left_out[0].reason);
  nlohmann::json json = parse(evaluation.to_json());
  json["config"] = fields.to_json().at("evaluation");
  const std::string text = dump_json(json, 2);
  if (!options.output.empty()) write_text_atomically(options.output, text + "\n");
  fmt::print("{}\n", options.json ? text : evaluation.table());
  return 0;
}

}  // namespace

Command evaluate_command() {
  const auto o = std::make_shared<EvaluateOptions>();
  return {
      "evaluate",
      CommandGroup::Study,
      "compare anomaly maps with true lesion masks (with boxes: evaluate boxes)",
      "Matches the maps that `thor detect` wrote with the masks of a CSV (columns: image,mask[,group]) and prints,\n"
      "for small, medium and large lesions and for all: AUPRC, AUROC and, at each threshold, Dice of the pooled\n"
      "pixels and per case with bootstrap intervals, lesions found and false alarms, healthy pixels above.\n"
      "Thresholds are labelled: oracle (the best of 101 on this very set, so an upper bound), those of --threshold,\n"
      "and those that calibrated maps carry. Also how well healthy tissue was restored. Computed on the network's\n"
      "grid, as the paper does; volumes on the scan's, in the slices that were examined, with sizes in ml. A mask is\n"
      "brought to its image's grid by where both lie in the patient.",
      {{"evaluate --maps maps --truth phantoms/test.csv", "a table"},
       {"evaluate --maps maps --truth phantoms/test.csv --threshold validation=0.35",
        "at a threshold chosen elsewhere"},
       {"evaluate --maps maps --truth phantoms/test.csv --out scores.json", "with every case and curve, for programs"}},
      {{"--maps", "DIR", "folder that `thor detect` wrote", &o->maps, true},
       {"--truth", "CSV", "images and their masks", &o->truth, true},
       {"--threshold", "LABEL=VALUE", "one that was not chosen on this set, again for each", &o->thresholds},
       {"--native", "", "compare pictures on each image's own grid, as volumes always are", &o->native},
       {"--out", "FILE", "everything as JSON into a file", &o->output},
       set_option(o->sets, "evaluation.*"),
       json_option(o->json)},
      [o] { return run(*o); }};
}

}  // namespace thor
