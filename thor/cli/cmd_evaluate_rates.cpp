// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/utf8.h"
#include "thor/cli/command.h"
#include "thor/eval/healthy_rates.h"

namespace thor {
namespace {

struct EvaluateRatesOptions {
  std::string config, output;
  RunConfig run;
};

int run(const EvaluateRatesOptions& options) {
  HealthyRatesConfig config = load_healthy_rates(options.config);
  if (!options.output.empty()) config.output = options.output;
  const HealthyRatesResult result = measure_healthy_rates(config, options.run);
  make_folder(config.output);
  write_text_atomically(config.output + "/rates.json", dump_json(parse(result.to_json()), 2) + "\n");
  write_text_atomically(config.output + "/rates.md", result.table());
  for (const CaseFailure& one : result.failed) warn("{}", one.message);
  fmt::print("{}", result.table());
  return result.failed.empty() ? 0 : kExitSomeFailed;
}

}  // namespace

Command evaluate_rates_command() {
  const auto o = std::make_shared<EvaluateRatesOptions>();
  return {"evaluate rates",
          CommandGroup::Study,
          "false alarms of calibrated models in healthy scans of many kinds, in one table",
          "CONFIG names calibrated models and sets of healthy scans (configs/results/rates.yaml). For each pair:\n"
          "the share of the region that is marked at every rate, with its interval; how many scans the check\n"
          "withholds, and how many of those that break the rate; whether p-values are uniform; and how site\n"
          "calibrations of 5, 9 and 19 scans that are drawn from the set do on the rest of it. Writes\n"
          "OUT/rates.json and OUT/rates.md.",
          {{"evaluate rates configs/results/rates.yaml", "as docs/calibration.md shows it"},
       {"evaluate rates mine.yaml -o rates-of-my-scanners --device cpu", "your own models and scans"}},
          {{"CONFIG", "", "YAML; relative paths in it start at its folder", &o->config, true},
           {"-o,--out", "OUT", "folder to write to (default: the config's output)", &o->output},
           device_option(o->run.device),
           lpips_option(o->run.lpips)},
          [o] { return run(*o); }};
}

}  // namespace thor
