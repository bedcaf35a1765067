// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/cli/command.h"
#include "thor/report/benchmark_page.h"

namespace thor {
namespace {

struct BenchmarkOptions {
  std::string config, output;
  RunConfig run;
};

int run(const BenchmarkOptions& options) {
  BenchmarkConfig config = load_benchmark(options.config);
  if (!options.output.empty()) config.output = options.output;
  const BenchmarkResult result = run_benchmark(config, options.run);
  write_benchmark(result);
  info("{} sets of maps made, the others were there already", result.computed);
  for (const LeftOut& one : result.left_out) warn("{}: {}", one.name, one.reason);
  fmt::print("{0}/results.csv\n{0}/results.json\n{0}/tables.md\n{0}/index.html\n", config.output);
  return result.left_out.empty() ? 0 : kExitSomeFailed;
}

}  // namespace

Command benchmark_command() {
  const auto o = std::make_shared<BenchmarkOptions>();
  return {
      "benchmark",
      CommandGroup::Study,
      "several methods on the same images, compared in one table with the protocol on it",
      "CONFIG names models, methods (a detector with its settings on a model), data sets with masks, and seeds; see\n"
      "configs/benchmark. Every method runs on every data set with every seed. Writes into OUT: results.csv (a line\n"
      "for every method, data set, seed and group), results.json, tables.md, and index.html with tables, intervals,\n"
      "paired differences, curves and pictures. Each finished set of maps stays in OUT/cells: stopped anywhere, the\n"
      "same command goes on there, and what a changed config or model would not change is not made again.",
      {{"benchmark configs/benchmark/brain.yaml", "as the config says"},
       {"benchmark comparison.yaml -o results --device cpu", "elsewhere"}},
      {{"CONFIG", "", "YAML; relative paths in it start at its folder", &o->config, true},
       {"-o,--out", "OUT", "folder to write to (default: the config's output)", &o->output},
       device_option(o->run.device),
       lpips_option(o->run.lpips)},
      [o] { return run(*o); }};
}

}  // namespace thor
