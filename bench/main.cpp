// SPDX-License-Identifier: Apache-2.0
// thor_bench [FOLDER] [--benchmark_filter=REGEX ...]: times what bench/README.md lists; FOLDER (build/bench) holds the
// networks and inputs that are shared with the peer, and is filled where it is empty.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/cases.h"
#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/cli/console.h"

int main(int argc, char** argv) {
  try {
    thor::prepare_process();
    thor::RunContext context = thor::console_context(/*quiet=*/true);
    const thor::RunScope scope(&context);
    benchmark::Initialize(&argc, argv);
    thor::bench::World world(argc > 1 ? argv[1] : "build/bench");
    thor::bench::peak_cases();
    thor::bench::step_cases(world);
    thor::bench::training_cases(world);
    thor::bench::layer_cases();
    thor::bench::part_cases();
    thor::bench::detection_cases(world);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
  } catch (const thor::Interrupted&) {
    return 130;
  } catch (const thor::Error& error) {
    fmt::print(stderr, "thor_bench: error: {}\n", error.what());
    return thor::exit_code(error.kind());
  }
}
