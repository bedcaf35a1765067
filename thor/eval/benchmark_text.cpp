// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/version.h"
#include "thor/data/csv.h"
#include "thor/eval/benchmark.h"

namespace thor {
namespace {

using Row = std::vector<std::string>;

/// Figures that do not exist are empty cells.
std::string figure(double value) { return std::isfinite(value) ? fmt::format("{:.6g}", value) : ""; }

/// Every threshold that any cell knows, the oracle first.
Row labels_of(const std::vector<CellResult>& cells) {
  Row labels;
  for (const CellResult& cell : cells)
    for (const GroupScores& group : cell.evaluation.groups)
      for (const ThresholdScores& scores : group.thresholds)
        if (std::find(labels.begin(), labels.end(), scores.label) == labels.end()) labels.push_back(scores.label);
  return labels;
}

Row header(const Row& labels) {
  Row row{"dataset", "method", "seed", "group", "cases", "auprc", "auroc"};
  for (const std::string& label : labels)
    for (const char* name : {"threshold", "pooled dice", "pooled dice low", "pooled dice high", "case dice",
                             "case dice low", "case dice high", "false positive rate", "healthy false positive rate",
                             "lesion recall", "lesion precision", "lesion f1"})
      row.push_back(label + ": " + name);
  for (const char* name : {"image auroc", "restoration mae", "restoration ssim", "restoration lpips",
                           "changed healthy share", "network calls", "seconds per image", "model sha256"})
    row.push_back(name);
  return row;
}

void add_threshold(Row& row, const CellResult& cell, const GroupScores& group, const std::string& label) {
  const auto found = std::find_if(group.thresholds.begin(), group.thresholds.end(),
                                  [&](const ThresholdScores& scores) { return scores.label == label; });
  if (found == group.thresholds.end()) return row.resize(row.size() + 12);
  const auto index = static_cast<size_t>(found - group.thresholds.begin());
  const bool healthy = group.group == "all" && index < cell.healthy_rates.size();
  for (const double value :
       {found->threshold, found->pooled_dice.mean, found->pooled_dice.low, found->pooled_dice.high,
        found->case_dice.mean, found->case_dice.low, found->case_dice.high, found->false_positive_rate,
        healthy ? cell.healthy_rates[index] : NAN, found->lesion_recall, found->lesion_precision, found->lesion_f1})
    row.push_back(figure(value));
}

Row row_of(const CellResult& cell, const GroupScores& group, const Row& labels) {
  Row row{std::to_string(cell.seed), group.group, std::to_string(group.cases), figure(group.auprc),
          figure(group.auroc)};
  for (const std::string& label : labels) add_threshold(row, cell, group, label);
  const RestorationScores& restored = cell.evaluation.restoration;
  const bool all = group.group == "all";
  for (const double value : {cell.evaluation.image_auroc, restored.mae.mean, restored.ssim.mean,
                             restored.lpips_alex.mean, restored.changed_share})
    row.push_back(all ? figure(value) : "");
  row.push_back(std::to_string(cell.network_calls));
  row.push_back(figure(cell.seconds));
  row.push_back(made_by(cell.about).model_sha256);
  return row;
}

void add_line(std::string& text, const Row& row) {
  for (size_t i = 0; i < row.size(); ++i) text += (i ? "," : "") + csv_cell(row[i]);
  text += '\n';
}

}  // namespace

std::string results_csv(const std::vector<CellResult>& cells, const std::vector<std::string>& methods,
                        const std::vector<std::string>& datasets) {
  const Row labels = labels_of(cells);
  std::string text;
  add_line(text, header(labels));
  for (const CellResult& cell : cells)
    for (const GroupScores& group : cell.evaluation.groups) {
      Row row{datasets.at(cell.dataset), methods.at(cell.method)};
      const Row figures = row_of(cell, group, labels);
      row.insert(row.end(), figures.begin(), figures.end());
      add_line(text, row);
    }
  return text;
}

JsonText results_json(const std::vector<CellResult>& cells, const std::vector<std::string>& methods,
                      const std::vector<std::string>& datasets) {
  nlohmann::json list = nlohmann::json::array();
  for (const CellResult& cell : cells) {
    nlohmann::json about = parse(cell.about);
    about.erase("key");
    list.push_back({{"dataset", datasets.at(cell.dataset)},
                    {"method", methods.at(cell.method)},
                    {"seed", cell.seed},
                    {"about", std::move(about)},
                    {"network_calls", cell.network_calls},
                    {"seconds_per_image", cell.seconds},
                    {"healthy_false_positive_rates", cell.healthy_rates},
                    {"evaluation", parse(cell.evaluation.to_json())}});
  }
  return json_text(list);
}

JsonText benchmark_json(const BenchmarkResult& result) {
  nlohmann::json models = nlohmann::json::array();
  for (size_t i = 0; i < result.config.models.size(); ++i)
    models.push_back({{"name", result.config.models[i].name}, {"sha256", result.model_hashes.at(i)}});
  const JsonText results =
      results_json(result.cells, titles_of(result.config.methods), titles_of(result.config.datasets));
  return json_text({{"thor", version()},
                    {"title", result.config.title},
                    {"models", models},
                    {"seeds", result.config.seeds},
                    {"results", parse(results)}});
}

}  // namespace thor
