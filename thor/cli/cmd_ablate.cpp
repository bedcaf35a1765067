// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/cli/command.h"
#include "thor/report/ablation_page.h"

namespace thor {
namespace {

struct AblateOptions {
  std::string config, output;
  RunConfig run;
};

int run(const AblateOptions& options) {
  AblationConfig config = load_ablation(options.config);
  if (!options.output.empty()) config.output = options.output;
  const AblationResult result = run_ablation(config, options.run);
  write_ablation(result);
  for (const LeftOut& one : result.unreadable) warn("{}", one.reason);
  fmt::print("{0}/results.csv\n{0}/results.json\n{0}/tables.md\n{0}/index.html\n", config.output);
  return result.unreadable.empty() ? 0 : kExitSomeFailed;
}

}  // namespace

Command ablate_command() {
  const auto o = std::make_shared<AblateOptions>();
  return {
      "ablate",
      CommandGroup::Study,
      "one method under many settings, on the same images",
      "CONFIG names a model, a detector, images with masks, and either axes (every combination of their values)\n"
      "or rows (single settings), and perhaps a reference that all are compared with; see configs/ablate. Settings\n"
      "share every network call they have in common, so that a hundred ways to make the map cost one chain. Writes\n"
      "into OUT: results.csv, results.json, tables.md, and index.html with the table of all settings and a chart.\n"
      "What is finished stays in OUT/cells: stopped anywhere, the same command goes on there; settings that are added "
      "later are all that is computed.",
      {{"ablate configs/ablate/perceptual.yaml", "as the config says"},
       {"ablate configs/ablate/timesteps.yaml -o timesteps --device cpu", "elsewhere"}},
      {{"CONFIG", "", "YAML; relative paths in it start at its folder", &o->config, true},
       {"-o,--out", "OUT", "folder to write to (default: the config's output)", &o->output},
       device_option(o->run.device),
       lpips_option(o->run.lpips)},
      [o] { return run(*o); }};
}

}  // namespace thor
