// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/benchmark.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/eval/calibrate.h"
#include "thor/pipeline/members.h"

namespace thor {
namespace {

constexpr double kCalibratedRate = 0.05;

/// Rows of a CSV, what names their images in the keys of cells, and what the list is called.
struct ImageList {
  std::string title, word;  ///< for people; as part of a file name
  std::vector<SplitRow> rows;
  std::vector<std::string> hashes;  ///< of the rows' images
};

ImageList read_list(const std::string& csv, const std::string& title, const std::string& word) {
  ImageList list{title, word, {}, {}};
  if (csv.empty()) return list;
  list.rows = read_split(csv);
  list.hashes = with_context("reading the images of '" + csv + "'", [&] { return image_hashes(list.rows); });
  return list;
}

/// A threshold that comes from the images it is judged on is an oracle under another name.
void check_apart(const ImageList& source, const ImageList& test) {
  const std::set<std::string> known(source.hashes.begin(), source.hashes.end());
  const auto shared = std::count_if(test.hashes.begin(), test.hashes.end(),
                                    [&](const std::string& hash) { return known.count(hash) > 0; });
  if (shared > 0)
    fail_input("{} images of {} are in {} too; thresholds must come from other images", shared, test.title,
               source.title);
}

void check_has_masks(const ImageList& list) {
  if (std::none_of(list.rows.begin(), list.rows.end(), [](const SplitRow& row) { return !row.mask.empty(); }))
    fail_input("{} names no masks; the best threshold cannot be found without lesions", list.title);
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
    validation = read_list(config.validation, "the validation list", "_validation");
    calibration = read_list(config.calibration, "the calibration list", "_calibration");
    if (!validation.rows.empty()) check_has_masks(validation);
    if (!config.calibration.empty()) read_healthy(config.calibration);
    for (const DatasetEntry& dataset : config.datasets) {
      const std::string word = file_word(dataset.name);
      truths.push_back(read_list(dataset.truth, dataset.name, word));
      healthy.push_back(read_list(dataset.healthy, "healthy images of " + dataset.name, word + "_healthy"));
      if (!dataset.healthy.empty()) read_healthy(dataset.healthy);
      for (const ImageList* source : {&validation, &calibration})
        for (const ImageList* test : {&truths.back(), &healthy.back()}) check_apart(*source, *test);
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
      const Model model = load_member(entry.file, entry.member);
      result.model_hashes.push_back(model.hash);
      const Pipeline* first = nullptr;
      for (size_t i = 0; i < config.methods.size(); ++i) {
        const MethodEntry& method = config.methods[i];
        if (method.model != entry.name) continue;
        ready[i] = with_context("setting up the method '" + method.name + "'", [&] {
          DetectorChoice choice = choose_detector(model, method.detector, method.set);
          Pipeline pipeline = first ? first->with_detector(std::move(choice.detector))
                                    : Pipeline(model, std::move(choice.detector), run);
          return make_contender(method.name, choice, std::move(pipeline), run);
        });
        if (!first) first = &ready[i]->pipeline;
      }
    }
    for (auto& contender : ready) contenders.push_back(std::move(*contender));
  }

  /// Titles become words without underscores, so that no two cells meet in one file.
  std::string cell_name(size_t method, const ImageList& list) const {
    return fmt::format("{}_{}_{}", file_word(contenders[method].name), list.word, run.seed);
  }

  MapSet maps(size_t method, const ImageList& list) {
    const Contender& contender = contenders[method];
    const std::string name = cell_name(method, list);
    const JsonText key = cell_key(contender, run, list.rows, list.hashes);
    ++position;
    std::optional<MapSet> set = store.find(name, key);
    if (!set) {
      info("{} of {}: {} on {}, seed {}", position, total, contender.name, list.title, run.seed);
      set =
          store.keep(name, key, detect_set(contender.pipeline.with_seed(run.seed), contender.detector, list.rows, run));
      ++result.computed;
    }
    for (const CaseFailure& one : set->failed)
      result.left_out.push_back({fmt::format("{}, {}: {}", contender.name, list.title, one.input), one.message});
    return need_maps(std::move(*set));
  }

  /// The thresholds that were not chosen on the set they are applied to.
  std::vector<NamedThreshold> thresholds(size_t method) {
    std::vector<NamedThreshold> known;
    if (!validation.rows.empty()) {
      const Evaluation seen = evaluate_set(maps(method, validation), validation.rows, config.evaluation);
      const double best = seen.groups.back().oracle().threshold;
      if (std::isnan(best)) fail_input("no mask of the validation images marks a lesion: no threshold can be chosen");
      known.push_back({"validation", best});
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
    if (set.failed.empty())
      result.left_out.insert(result.left_out.end(), one.evaluation.left_out.begin(), one.evaluation.left_out.end());
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
  const RunScope scope(run.context);
  return Runner(config, std::move(run)).work();
}

MapSet maps_of(const CellResult& cell) {
  std::vector<MapSet> parts;
  for (const std::string& file : cell.maps) parts.push_back(load_map_set(file));
  return join_map_sets(parts);
}

}  // namespace thor
