// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/ablation.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/version.h"
#include "thor/eval/bootstrap.h"
#include "thor/eval/diagnose.h"
#include "thor/pipeline/open_slice.h"

namespace thor {
namespace {

constexpr const char* kComputedCalls = "computed_calls";

/// What one setting found in the batches so far, and how often it really used the network.
struct Found {
  std::vector<MapSet> parts;
  std::vector<std::string> files;
  double calls = 0;
};

struct AblationRunner {
  const AblationConfig& config;
  RunConfig run;
  CellStore store;
  AblationResult result;
  std::vector<Contender> contenders;       // as the settings
  std::map<std::string, size_t> first_on;  // model file -> its first setting
  std::vector<SplitRow> rows;

  AblationRunner(const AblationConfig& with, RunConfig as)
      : config(with), run(std::move(as)), store(config.output + "/cells") {
    run.batch = config.batch;
    run.precision = config.precision;
    result.config = config;
    result.settings = settings_of(config);
    set_up_settings();
  }

  void set_up_settings() {
    for (const AblationSetting& setting : result.settings)
      contenders.push_back(with_context("setting up '" + setting.name + "'", [&] {
        const auto before = first_on.find(setting.model);
        if (before == first_on.end()) {
          first_on.emplace(setting.model, contenders.size());
          return first_on_its_model(setting);
        }
        const Pipeline& pipeline = contenders[before->second].pipeline;
        DetectorChoice choice = choose_detector(pipeline.model(), config.detector, setting.set);
        Pipeline with_setting = pipeline.with_detector(std::move(choice.detector));
        return make_contender(setting.name, choice, std::move(with_setting), run);
      }));
  }

  Contender first_on_its_model(const AblationSetting& setting) {
    Model model = load_model(setting.model);
    DetectorChoice choice = choose_detector(model, config.detector, setting.set);
    Pipeline pipeline(std::move(model), std::move(choice.detector), run);
    pipeline.remember_calls(static_cast<uint64_t>(config.memory_mb) << 20);
    return make_contender(setting.name, choice, std::move(pipeline), run);
  }

  /// Rows whose images every setting can read; the others are said once.
  void read_rows() {
    for (const SplitRow& row : read_split(config.truth)) try {
        const Image image = read_image(row.image);
        for (const auto& [file, first] : first_on) open_slice(contenders[first].pipeline.model(), image);
        rows.push_back(row);
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::Internal || error.kind() == ErrorKind::Usage) throw;
        result.unreadable.push_back({row.name, error.what()});
      }
    if (rows.empty())
      fail_input("none of the images of '{}' can be used; the first: {}", config.truth, result.unreadable[0].reason);
  }

  /// One batch under one setting: from the store, or computed and kept.
  void examine(size_t setting, const std::vector<SplitRow>& batch, const std::vector<std::string>& hashes,
               Found& found) {
    const Contender& contender = contenders[setting];
    RunConfig as = run;
    as.seed += static_cast<uint64_t>(result.settings[setting].seed);
    const JsonText key = cell_key(contender, as, batch, hashes);
    const std::string name = part_name(key);
    std::optional<MapSet> set = store.find(name, key);
    if (!set) {
      int64_t computed = 0;
      MapSet fresh = detect_set(contender.pipeline.with_seed(as.seed), contender.detector, batch, as,
                                [&](int64_t images) { computed += images; });
      nlohmann::json about = parse(fresh.about);
      about[kComputedCalls] = computed;
      fresh.about = json_text(about);
      ++result.computed;
      set = store.keep(name, key, std::move(fresh));
    }
    found.calls += parse(set->about).value(kComputedCalls, 0.0);
    found.parts.push_back(std::move(*set));
    found.files.push_back(store.path(name));
  }

  /// Settings have no short name that stays the same when others are added, so a part is named by its key.
  static std::string part_name(const JsonText& key) {
    return Sha256().update(key.text.data(), key.text.size()).hex().substr(0, 20);
  }

  void one_seed(Progress& progress) {
    std::vector<Found> found(contenders.size());
    const auto batch_size = static_cast<size_t>(config.batch);
    for (size_t begin = 0; begin < rows.size(); begin += batch_size) {
      const std::vector<SplitRow> batch(
          rows.begin() + static_cast<std::ptrdiff_t>(begin),
          rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), begin + batch_size)));
      const std::vector<std::string> hashes = image_hashes(batch);
      for (size_t i = 0; i < contenders.size(); ++i) {
        throw_if_interrupted();
        progress.advance(0, contenders[i].name);
        examine(i, batch, hashes, found[i]);
        progress.advance(static_cast<int64_t>(batch.size()), contenders[i].name);
      }
      for (const Contender& contender : contenders) contender.pipeline.forget_calls();
    }
    score(found);
  }

  void score(const std::vector<Found>& found) {
    const MapSet first = need_maps(join_map_sets(found[0].parts));
    for (size_t i = 0; i < contenders.size(); ++i) {
      const MapSet set = need_maps(join_map_sets(found[i].parts));
      CellResult cell;
      cell.method = i;
      cell.seed = run.seed;
      cell.maps = found[i].files;
      cell.about = set.about;
      cell.network_calls = set.network_calls;
      cell.seconds = set.seconds;
      cell.evaluation = evaluate_set(set, rows, config.evaluation);
      result.computed_calls.push_back(found[i].calls / static_cast<double>(set.names.size()));
      result.correlation.push_back(map_correlation(set, first, config.evaluation));
      result.cells.push_back(std::move(cell));
    }
  }

  AblationResult work() {
    read_rows();
    Progress progress("ablation", static_cast<int64_t>(rows.size() * contenders.size() * config.seeds.size()));
    for (const int64_t seed : config.seeds) {
      run.seed = static_cast<uint64_t>(seed);
      one_seed(progress);
    }
    return std::move(result);
  }
};

}  // namespace

std::vector<const CellResult*> AblationResult::cells_of(size_t setting) const {
  std::vector<const CellResult*> found;
  for (const CellResult& cell : cells)
    if (cell.method == setting) found.push_back(&cell);
  return found;
}

AblationResult run_ablation(const AblationConfig& config, RunConfig run) {
  const RunScope scope(run.context);
  return AblationRunner(config, std::move(run)).work();
}

Interval map_correlation(const MapSet& a, const MapSet& b, const EvaluationConfig& config) {
  std::vector<double> of_case;
  if (a.maps.sizes().slice(1) == b.maps.sizes().slice(1))
    for (size_t i = 0; i < a.names.size(); ++i) {
      const auto same = std::find(b.names.begin(), b.names.end(), a.names[i]);
      if (same == b.names.end()) continue;
      const double one = map_correlation(a.maps[static_cast<int64_t>(i)], b.maps[same - b.names.begin()]);
      if (std::isfinite(one)) of_case.push_back(one);
    }
  return bootstrap_mean(of_case, config);
}

std::string ablation_csv(const AblationResult& result) {
  std::vector<std::string> names;
  for (const AblationSetting& setting : result.settings) names.push_back(setting.name);
  return results_csv(result.cells, names, {result.config.truth});
}

JsonText ablation_json(const AblationResult& result) {
  std::vector<std::string> names;
  nlohmann::json settings = nlohmann::json::array(), unreadable = nlohmann::json::array();
  for (const AblationSetting& setting : result.settings) {
    names.push_back(setting.name);
    settings.push_back(
        {{"name", setting.name}, {"model", setting.model}, {"set", setting.set}, {"seed", setting.seed}});
  }
  for (const LeftOut& one : result.unreadable) unreadable.push_back({{"image", one.name}, {"reason", one.reason}});
  nlohmann::json cells = parse(results_json(result.cells, names, {result.config.truth}));
  for (size_t i = 0; i < cells.size(); ++i) {
    cells[i]["computed_calls_per_image"] = result.computed_calls[i];
    const Interval& alike = result.correlation[i];
    cells[i]["correlation_with_first"] = {{"mean", alike.mean}, {"low", alike.low}, {"high", alike.high}};
  }
  return json_text({{"thor", version()},
                    {"title", result.config.title},
                    {"seeds", result.config.seeds},
                    {"settings", settings},
                    {"unreadable", unreadable},
                    {"results", std::move(cells)}});
}

}  // namespace thor
