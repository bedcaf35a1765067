// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/benchmark.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/eval/calibrate.h"

namespace thor {
namespace {

constexpr double kCalibratedRate = 0.05;

/// Rows of a CSV, what names their images in the keys of cells, and what the list is called.
struct ImageList {
  std::string title, word;  ///< for people; as part of a file name
  std::vector<SplitRow> rows;
  std::string hash;
};

ImageList read_list(const std::string& csv, const std::string& title, const std::string& word) {
  ImageList list{title, word, {}, {}};
  if (csv.empty()) return list;
  list.rows = read_split(csv);
  list.hash = with_context("reading the images of '" + csv + "'", [&] { return hash_of_images(list.rows); });
  return list;
}

struct Runner {
  const BenchmarkConfig& config;
  RunConfig run;
  CellStore store;
  BenchmarkResult result;
  std::vector<Contender> contenders;  // as the config's methods
  std::vector<ImageList> truths, healthy;
  ImageList validation, calibration;
  int64_t position = 0, total = 0;

  Runner(const BenchmarkConfig& with, RunConfig as)
      : config(with), run(std::move(as)), store(config.output + "/cells") {
    run.batch = config.batch;
    run.precision = config.precision;
    result.config = config;
    set_up_methods();
    validation = read_list(config.validation, "the validation list", "-validation");
    calibration = read_list(config.calibration, "the calibration list", "-calibration");
    if (!config.calibration.empty()) read_healthy(config.calibration);
    for (const DatasetEntry& dataset : config.datasets) {
      const std::string word = file_word(dataset.name);
      truths.push_back(read_list(dataset.truth, dataset.name, word));
      healthy.push_back(read_list(dataset.healthy, "healthy images of " + dataset.name, word + "--healthy"));
      total += healthy.back().rows.empty() ? 1 : 2;
    }
    for (const ImageList* list : {&validation, &calibration})
      if (!list->rows.empty()) ++total;
    total *= static_cast<int64_t>(config.methods.size() * config.seeds.size());
  }

  /// Models are loaded once; methods on the same one share its network.
  void set_up_methods() {
    std::vector<std::optional<Contender>> ready(config.methods.size());
    for (const ModelEntry& entry : config.models) {
      const Model model = load_model(entry.file);
      result.model_hashes.push_back(model.hash);
      const Pipeline* first = nullptr;
      for (size_t i = 0; i < config.methods.size(); ++i) {
        const MethodEntry& method = config.methods[i];
        if (method.model != entry.name) continue;
        ready[i] = with_context("setting up the method '" + method.name + "'", [&] {
          DetectorChoice choice = choose_detector(model, method.detector, method.set);
          return Contender{method.name, choice.name, choice.config,
                           first ? first->with_detector(std::move(choice.detector))
                                 : Pipeline(model, std::move(choice.detector), run)};
        });
        if (!first) first = &ready[i]->pipeline;
      }
    }
    for (auto& contender : ready) contenders.push_back(std::move(*contender));
  }

  /// Lists that are no data set have a double hyphen in their cells' names, as no title can.
  std::string cell_name(size_t method, const ImageList& list) const {
    return fmt::format("{}-{}-{}", file_word(contenders[method].name), list.word, run.seed);
  }

  MapSet maps(size_t method, const ImageList& list) {
    const Contender& contender = contenders[method];
    const std::string name = cell_name(method, list);
    const nlohmann::json key = cell_key(contender, run, list.hash);
    ++position;
    if (auto finished = store.find(name, key)) return std::move(*finished);
    info("{} of {}: {} on {}, seed {}", position, total, contender.name, list.title, run.seed);
    MapSet set = detect_set(contender.pipeline.with_seed(run.seed), contender.detector, contender.detector_config,
                            list.rows, run);
    ++result.computed;
    return store.keep(name, key, std::move(set));
  }

  /// The thresholds that were not chosen on the set they are applied to.
  std::vector<NamedThreshold> thresholds(size_t method) {
    std::vector<NamedThreshold> known;
    if (!validation.rows.empty()) {
      const Evaluation seen = evaluate_set(maps(method, validation), validation.rows, config.evaluation);
      known.push_back({"validation", seen.groups.back().oracle().threshold});
    }
    if (calibration.rows.empty()) return known;
    const Calibration fitted = calibrate(maps(method, calibration), calibration_rates(kCalibratedRate));
    for (NamedThreshold& one : calibrated_thresholds(fitted.thresholds)) known.push_back(std::move(one));
    return known;
  }

  CellResult cell(size_t method, size_t dataset, const std::vector<NamedThreshold>& known) {
    const MapSet set = maps(method, truths[dataset]);
    CellResult one;
    one.method = method;
    one.dataset = dataset;
    one.seed = run.seed;
    one.maps = {store.path(cell_name(method, truths[dataset]))};
    one.about = set.about;
    one.network_calls = set.network_calls;
    one.seconds = set.seconds;
    one.evaluation = evaluate_set(set, truths[dataset].rows, config.evaluation, known);
    if (healthy[dataset].rows.empty()) return one;
    const MapSet free_of_lesions = maps(method, healthy[dataset]);
    for (const ThresholdScores& scores : one.evaluation.groups.back().thresholds)
      one.healthy_rates.push_back(free_of_lesions.maps.gt(scores.threshold).to(at::kDouble).mean().item<double>());
    return one;
  }

  BenchmarkResult work() {
    for (size_t method = 0; method < contenders.size(); ++method)
      for (const int64_t seed : config.seeds) {
        run.seed = static_cast<uint64_t>(seed);
        const auto known = thresholds(method);
        for (size_t dataset = 0; dataset < config.datasets.size(); ++dataset)
          result.cells.push_back(cell(method, dataset, known));
      }
    std::stable_sort(result.cells.begin(), result.cells.end(),
                     [](const CellResult& a, const CellResult& b) { return a.dataset < b.dataset; });
    return std::move(result);
  }
};

}  // namespace

std::vector<const CellResult*> BenchmarkResult::cells_of(size_t dataset, size_t method) const {
  std::vector<const CellResult*> found;
  for (const CellResult& cell : cells)
    if (cell.dataset == dataset && cell.method == method) found.push_back(&cell);
  return found;
}

BenchmarkResult run_benchmark(const BenchmarkConfig& config, RunConfig run) {
  return Runner(config, std::move(run)).work();
}

MapSet maps_of(const CellResult& cell) {
  std::vector<MapSet> parts;
  for (const std::string& file : cell.maps) parts.push_back(load_map_set(file));
  return join_map_sets(parts);
}

}  // namespace thor
