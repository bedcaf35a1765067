// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/eval/benchmark.h"
#include "thor/report/page.h"

namespace thor {

/// The results of a benchmark: what was done, tables with intervals and paired differences, curves, telling cases,
/// every case, and where it all came from. Reads the maps of the cells for its pictures.
Page benchmark_page(const BenchmarkResult& result);

/// Writes results.csv, results.json and index.html into the config's output folder, each whole or not at all.
void write_benchmark(const BenchmarkResult& result);

}  // namespace thor
