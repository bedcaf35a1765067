// SPDX-License-Identifier: Apache-2.0
#include "thor/report/benchmark_page.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/utf8.h"
#include "thor/image/image.h"
#include "thor/report/case_pictures.h"
#include "thor/report/contact_sheet.h"
#include "thor/report/figure_table.h"
#include "thor/report/markdown.h"
#include "thor/report/protocol.h"
#include "thor/report/result_charts.h"

namespace thor {
namespace {

using Rows = std::vector<ComparedRow>;

constexpr size_t kCasesOfABand = 8;  // of a contact sheet

Rows rows_of(const BenchmarkResult& result, size_t dataset) {
  Rows rows;
  for (size_t method = 0; method < result.config.methods.size(); ++method)
    rows.push_back({result.config.methods[method].name, result.cells_of(dataset, method)});
  return rows;
}

/// One value of every row.
template <class Figure>
auto each(const Rows& rows, Figure figure) {
  std::vector<decltype(figure(rows[0]))> values;
  for (const ComparedRow& row : rows) values.push_back(figure(row));
  return values;
}

std::vector<Interval> differences(const Rows& rows, const EvaluationConfig& config) {
  auto values = each(rows, [&](const ComparedRow& row) { return difference_to(rows[0], row, config); });
  values[0] = {NAN, NAN, NAN};
  return values;
}

double healthy_rate(const CellResult& cell, size_t threshold) {
  return threshold < cell.healthy_rates.size() ? 100 * cell.healthy_rates[threshold] : NAN;
}

PageTable overview(const Rows& rows, const EvaluationConfig& config) {
  FigureTable table("Overview", "method", titles_of(rows));
  for (const std::string& group : groups_of(rows))
    table.add_intervals(
        "oracle Dice %: " + group,
        each(rows, [&](const ComparedRow& row) { return row.mean_at(group, "oracle", &ThresholdScores::pooled_dice); }),
        Best::Highest);
  table.add_figures("oracle Dice %: mean over the groups of lesions",
                    each(rows, [&](const ComparedRow& row) { return 100 * mean_group_dice(row, groups_of(rows)); }),
                    "{:.1f}", Best::Highest);
  table.add_intervals("case Dice % minus " + rows[0].name, differences(rows, config), Best::None);
  table.add_figures("AUPRC %",
                    each(rows,
                         [](const ComparedRow& row) {
                           return 100 * row.mean_in("all", [](const GroupScores& scores) { return scores.auprc; });
                         }),
                    "{:.1f}", Best::Highest);
  for (const std::string& label : labels_of(rows))
    if (label != "oracle")
      table.add_figures("Dice %, " + label,
                        each(rows,
                             [&](const ComparedRow& row) {
                               return 100 * row.mean_at("all", label, &ThresholdScores::pooled_dice).mean;
                             }),
                        "{:.1f}", Best::Highest);
  table.add_figures("image AUROC %",
                    each(rows,
                         [](const ComparedRow& row) {
                           return row.mean([](const CellResult& cell) { return 100 * cell.evaluation.image_auroc; });
                         }),
                    "{:.1f}", Best::Highest);
  table.add_figures(
      "network calls",
      each(rows,
           [](const ComparedRow& row) {
             return row.mean([](const CellResult& cell) { return static_cast<double>(cell.network_calls); });
           }),
      "{:.0f}", Best::Lowest);
  table.add_figures(
      "seconds a slice",
      each(rows, [](const ComparedRow& row) { return row.mean([](const CellResult& cell) { return cell.seconds; }); }),
      "{:.3g}", Best::Lowest);
  return table.page_table();
}

/// How well every map ranks the pixels of its own case: no threshold is shared between cases.
PageTable ranking_table(const Rows& rows) {
  FigureTable table("Within the head of each case with a lesion, mean over the cases", "method", titles_of(rows));
  const auto add = [&](const char* title, Interval RankingScores::*figure) {
    const auto part = [&](const ComparedRow& row, double Interval::*bound) {
      return row.mean([&](const CellResult& cell) { return (cell.evaluation.ranking.*figure).*bound; });
    };
    table.add_intervals(
        title,
        each(rows,
             [&](const ComparedRow& row) {
               return Interval{part(row, &Interval::mean), part(row, &Interval::low), part(row, &Interval::high)};
             }),
        Best::Highest);
  };
  add("AUROC %", &RankingScores::auroc);
  add("AUPRC %", &RankingScores::auprc);
  add("highest value in the lesion, %", &RankingScores::peak);
  table.add_intervals(
      "case Dice %, oracle",
      each(rows, [](const ComparedRow& row) { return row.mean_at("all", "oracle", &ThresholdScores::case_dice); }),
      Best::Highest);
  return table.page_table();
}

PageTable group_table(const Rows& rows, const std::string& group) {
  const int64_t cases = cases_in(rows, group);
  FigureTable table(fmt::format("{} ({} case{})", group, cases, cases == 1 ? "" : "s"), "method", titles_of(rows));
  for (const std::string& label : labels_of(rows))
    table.add_intervals(
        "Dice %, " + label,
        each(rows, [&](const ComparedRow& row) { return row.mean_at(group, label, &ThresholdScores::pooled_dice); }),
        Best::Highest);
  table.add_figures("AUPRC %",
                    each(rows,
                         [&](const ComparedRow& row) {
                           return 100 * row.mean_in(group, [](const GroupScores& scores) { return scores.auprc; });
                         }),
                    "{:.1f}", Best::Highest);
  for (const std::string& label : labels_of(rows))
    table.add_figures(
        "lesion F1 %, " + label,
        each(rows,
             [&](const ComparedRow& row) { return 100 * row.mean_at(group, label, &ThresholdScores::lesion_f1); }),
        "{:.1f}", Best::Highest);
  return table.page_table();
}

/// What the thresholds mark where nothing should be marked.
PageTable false_positive_table(const Rows& rows) {
  FigureTable table("False positives: share of healthy pixels above the threshold, %", "method", titles_of(rows));
  const auto labels = labels_of(rows);
  for (size_t i = 0; i < labels.size(); ++i) {
    table.add_figures(labels[i] + ", outside lesions",
                      each(rows,
                           [&](const ComparedRow& row) {
                             return 100 * row.mean_at("all", labels[i], &ThresholdScores::false_positive_rate);
                           }),
                      "{:.2f}", Best::Lowest);
    const auto healthy = each(rows, [&](const ComparedRow& row) {
      return row.mean([&](const CellResult& cell) { return healthy_rate(cell, i); });
    });
    table.add_figures(labels[i] + ", healthy images", healthy, "{:.2f}", Best::Lowest);
  }
  return table.page_table();
}

PageTable restoration_table(const Rows& rows) {
  FigureTable table("Restoration outside the lesions", "method", titles_of(rows));
  const auto add = [&](const char* title, double (*figure)(const RestorationScores&), Best best) {
    const auto values = each(rows, [&](const ComparedRow& row) {
      return row.mean([&](const CellResult& cell) { return figure(cell.evaluation.restoration); });
    });
    table.add_figures(title, values, "{:.4f}", best);
  };
  add(
      "MAE", [](const RestorationScores& scores) { return scores.mae.mean; }, Best::Lowest);
  add(
      "SSIM", [](const RestorationScores& scores) { return scores.ssim.mean; }, Best::Highest);
  add(
      "LPIPS (alex)", [](const RestorationScores& scores) { return scores.lpips_alex.mean; }, Best::Lowest);
  add(
      "falsely changed share", [](const RestorationScores& scores) { return scores.changed_share; }, Best::Lowest);
  return table.page_table();
}

void add_dataset(Page& page, const BenchmarkResult& result, size_t dataset) {
  const DatasetEntry& entry = result.config.datasets[dataset];
  const Rows rows = rows_of(result, dataset);
  const auto groups = groups_of(rows);
  PageSection tables{
      entry.name, left_out_text(rows), {overview(rows, result.config.evaluation), ranking_table(rows)}, {}, {}, false};
  for (const std::string& group : groups) tables.tables.push_back(group_table(rows, group));
  tables.tables.push_back(false_positive_table(rows));
  tables.tables.push_back(restoration_table(rows));
  page.sections.push_back(std::move(tables));

  PageSection charts{entry.name + ": curves", "", {}, {}, {}, false};
  for (const std::string& group : groups) charts.charts.push_back(precision_recall_chart(rows, group));
  for (const std::string& group : groups) charts.charts.push_back(dice_threshold_chart(rows, group));
  charts.charts.push_back(froc_chart(rows));
  charts.charts.push_back(dice_size_chart(rows));
  page.sections.push_back(std::move(charts));
  page.sections.push_back(
      {entry.name + ": cases",
       "Every map is drawn to its own maximum. The best, median and worst cases of every method: the "
       "pictures in the folder sheets, beside this page.",
       {},
       {},
       telling_cases(rows, read_split(entry.truth), CaseDetail::MapsAndPseudoHealthy),
       false});
  page.sections.push_back({entry.name + ": every case", "", {case_table(rows)}, {}, {}, true});
}

std::string sheet_name(const DatasetEntry& dataset, const std::string& method) {
  return fmt::format("sheets/{}_{}.png", file_word(dataset.name), file_word(method));
}

void write_contact_sheets(const BenchmarkResult& result) {
  make_folder(result.config.output + "/sheets");
  for (size_t dataset = 0; dataset < result.config.datasets.size(); ++dataset) {
    const DatasetEntry& entry = result.config.datasets[dataset];
    const auto truth = read_split(entry.truth);
    for (const ComparedRow& row : rows_of(result, dataset))
      if (const Tensor sheet = contact_sheet(row, truth, kCasesOfABand); sheet.defined())
        write_png_rgb(fmt::format("{}/{}", result.config.output, sheet_name(entry, row.name)), sheet);
  }
}

}  // namespace

Page benchmark_page(const BenchmarkResult& result) {
  const BenchmarkConfig& config = result.config;
  Page page;
  page.title = config.title;
  page.introduction = fmt::format(
      "{} methods, {} data set{}, seed{} {}.\n\n{}", config.methods.size(), config.datasets.size(),
      config.datasets.size() == 1 ? "" : "s", config.seeds.size() == 1 ? "" : "s", fmt::join(config.seeds, ", "),
      protocol_text(config.evaluation, {config.seeds.size(), labels_of(rows_of(result, 0)), config.methods[0].name}));
  for (size_t dataset = 0; dataset < config.datasets.size(); ++dataset) add_dataset(page, result, dataset);
  page.sections.push_back({"Where it comes from", "", {provenance_table(rows_of(result, 0))}, {}, {}, false});
  return page;
}

void write_benchmark(const BenchmarkResult& result) {
  const std::string& folder = result.config.output;
  write_contact_sheets(result);
  write_text_atomically(folder + "/results.csv",
                        results_csv(result.cells, titles_of(result.config.methods), titles_of(result.config.datasets)));
  write_text_atomically(folder + "/results.json", dump_json(parse(benchmark_json(result)), 2));
  const Page page = benchmark_page(result);
  write_text_atomically(folder + "/tables.md", markdown_tables(page));
  write_page(folder + "/index.html", page);
}

}  // namespace thor
