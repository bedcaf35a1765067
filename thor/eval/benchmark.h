// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/eval/benchmark_config.h"
#include "thor/eval/cell_store.h"

namespace thor {

/// One method on one data set with one seed.
struct CellResult {
  size_t method = 0, dataset = 0;  ///< their places in the config
  uint64_t seed = 0;
  std::vector<std::string> maps;  ///< files that hold the maps
  JsonText about;                 ///< of the maps: model, detector with all settings, perceptual distance, device
  Evaluation evaluation;
  /// Share of all pixels of the healthy list above each threshold of the group "all"; empty without such a list.
  std::vector<double> healthy_rates;
  int64_t network_calls = 0;  ///< that one image costs
  double seconds = 0;         ///< wall clock per image
};

struct BenchmarkResult {
  BenchmarkConfig config;
  std::vector<std::string> model_hashes;  ///< of the config's models
  std::vector<CellResult> cells;          ///< by data set, then method, then seed
  std::vector<LeftOut> left_out;          ///< images of any list that a method could not be judged on
  int64_t computed = 0;                   ///< sets of maps this run made; the others were finished already
  /// The cells of a method in a data set, one for each seed.
  std::vector<const CellResult*> cells_of(size_t dataset, size_t method) const;
};

/// Runs what is not finished yet, keeping every set of maps in OUTPUT/cells, and compares. `run` says device and LPIPS
/// weights; seeds, batch and precision come from the config. All models, lists and settings are checked before the
/// first image is examined. Throws Interrupted; what was finished stays.
BenchmarkResult run_benchmark(const BenchmarkConfig& config, RunConfig run);

/// The maps of a cell, read from its files.
MapSet maps_of(const CellResult& cell);

/// One line for every cell and group, every figure named with its threshold.
std::string results_csv(const std::vector<CellResult>& cells, const std::vector<std::string>& methods,
                        const std::vector<std::string>& datasets);
/// The same with everything that is known of a cell, for programs.
JsonText results_json(const std::vector<CellResult>& cells, const std::vector<std::string>& methods,
                      const std::vector<std::string>& datasets);
/// Config, models' hashes and results.
JsonText benchmark_json(const BenchmarkResult& result);

/// The names of a list of entries.
template <class Entry>
std::vector<std::string> titles_of(const std::vector<Entry>& entries) {
  std::vector<std::string> names;
  for (const Entry& entry : entries) names.push_back(entry.name);
  return names;
}

}  // namespace thor
