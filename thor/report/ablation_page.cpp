// SPDX-License-Identifier: Apache-2.0
#include "thor/report/ablation_page.h"

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/utf8.h"
#include "thor/report/ablation_charts.h"
#include "thor/report/case_pictures.h"
#include "thor/report/figure_table.h"
#include "thor/report/markdown.h"
#include "thor/report/protocol.h"

namespace thor {
namespace {

std::vector<ComparedRow> settings_compared(const AblationResult& result) {
  std::vector<ComparedRow> rows;
  for (size_t i = 0; i < result.settings.size(); ++i) rows.push_back({result.settings[i].name, result.cells_of(i)});
  return rows;
}

/// The values the axes have, one column an axis; names in the first column where a setting has no place on them.
FigureTable begun_table(const AblationResult& result) {
  std::vector<std::vector<std::string>> columns(std::max<size_t>(1, result.config.axes.size()));
  for (const AblationSetting& setting : result.settings)
    for (size_t i = 0; i < columns.size(); ++i)
      columns[i].push_back(!setting.values.empty() ? setting.values[i] : i == 0 ? setting.name : "");
  const auto& axes = result.config.axes;
  FigureTable table("All settings", axes.empty() ? "setting" : axes[0].key, columns[0]);
  for (size_t i = 1; i < columns.size(); ++i) table.add_text(axes[i].key, columns[i]);
  return table;
}

/// Mean over the seeds of what is known of each cell beside its scores.
std::vector<double> mean_of_cells(const AblationResult& result, const std::function<double(size_t)>& of_cell) {
  std::vector<double> sum(result.settings.size(), 0.0), count(result.settings.size(), 0.0);
  for (size_t i = 0; i < result.cells.size(); ++i) {
    sum[result.cells[i].method] += of_cell(i);
    count[result.cells[i].method] += 1;
  }
  for (size_t i = 0; i < sum.size(); ++i) sum[i] /= count[i];
  return sum;
}

std::vector<Interval> correlations(const AblationResult& result) {
  const auto part = [&](double Interval::*bound) {
    return mean_of_cells(result, [&](size_t cell) { return result.correlation[cell].*bound; });
  };
  const auto mean = part(&Interval::mean), low = part(&Interval::low), high = part(&Interval::high);
  std::vector<Interval> intervals;
  for (size_t i = 0; i < mean.size(); ++i) intervals.push_back({mean[i], low[i], high[i]});
  return intervals;
}

/// What each setting gains or loses in each group, case by case.
void add_differences(FigureTable& table, const AblationResult& result, const std::vector<ComparedRow>& rows) {
  if (result.config.reference.empty()) return;
  for (const std::string& group : groups_of(rows)) {
    std::vector<Interval> values{{NAN, NAN, NAN}};
    for (size_t i = 1; i < rows.size(); ++i)
      values.push_back(difference_to(rows[0], rows[i], result.config.evaluation, group));
    table.add_intervals(fmt::format("{}: case Dice % minus {}", group, rows[0].name), values, Best::None);
  }
}

PageTable settings_table(const AblationResult& result, const std::vector<ComparedRow>& rows) {
  FigureTable table = begun_table(result);
  const auto groups = groups_of(rows);
  const auto add = [&](const std::string& title, const char* format, Best best, auto figure) {
    std::vector<double> values;
    for (const ComparedRow& row : rows) values.push_back(figure(row));
    table.add_figures(title, values, format, best);
  };
  add("oracle Dice %: mean over groups", "{:.2f}", Best::Highest,
      [&](const ComparedRow& row) { return 100 * mean_group_dice(row, groups); });
  for (const std::string& group : groups)
    add(group, "{:.2f}", Best::Highest,
        [&](const ComparedRow& row) { return 100 * row.mean_at(group, "oracle", &ThresholdScores::pooled_dice).mean; });
  add("AUPRC %: all", "{:.2f}", Best::Highest, [](const ComparedRow& row) {
    return 100 * row.mean_in("all", [](const GroupScores& scores) { return scores.auprc; });
  });
  add_differences(table, result, rows);
  table.add_intervals("correlation with the first, %", correlations(result), Best::None);
  add("network calls", "{:.0f}", Best::Lowest, [](const ComparedRow& row) {
    return row.mean([](const CellResult& cell) { return static_cast<double>(cell.network_calls); });
  });
  table.add_figures("really computed", mean_of_cells(result, [&](size_t cell) { return result.computed_calls[cell]; }),
                    "{:.4g}", Best::None);
  return table.page_table();
}

/// Those over the axes, without the references; and what a network call buys, where settings differ in that.
std::vector<std::string> charts_of(const AblationResult& result, const std::vector<ComparedRow>& rows) {
  const auto first = static_cast<std::ptrdiff_t>(result.config.reference.size());
  std::vector<std::string> charts = ablation_charts(result.config, {rows.begin() + first, rows.end()});
  for (std::string& chart : cost_charts(result, rows, correlations(result))) charts.push_back(std::move(chart));
  return charts;
}

std::string unreadable_text(const AblationResult& result) {
  std::string text;
  for (const LeftOut& one : result.unreadable) text += fmt::format("Not examined: {} ({})\n", one.name, one.reason);
  return text;
}

std::string introduction(const AblationResult& result) {
  const AblationConfig& config = result.config;
  return fmt::format(
      "{} settings of the same method on the same images, seed{} {}. Network calls that settings have in common were "
      "computed once: \"network calls\" is what an image costs under a setting alone, \"really computed\" what it cost "
      "when it was made. \"Correlation\" is that of a setting's maps with those of the first, each map over its "
      "pixels, "
      "as a mean over images.\n\n{}",
      result.settings.size(), config.seeds.size() == 1 ? "" : "s", fmt::join(config.seeds, ", "),
      protocol_text(config.evaluation,
                    {config.seeds.size(), {}, config.reference.empty() ? "" : result.settings[0].name}));
}

}  // namespace

Page ablation_page(const AblationResult& result) {
  const std::vector<ComparedRow> rows = settings_compared(result);
  Page page;
  page.title = result.config.title;
  page.introduction = introduction(result);
  page.sections.push_back({"Settings",
                           unreadable_text(result) + left_out_text(rows),
                           {settings_table(result, rows)},
                           charts_of(result, rows),
                           {},
                           false});
  page.sections.push_back({"Cases",
                           "Every map is drawn to its own maximum.",
                           {},
                           {},
                           telling_cases(rows, read_split(result.config.truth), CaseDetail::MapsOnly),
                           false});
  page.sections.push_back({"Every case", "", {case_table(rows)}, {}, {}, true});
  page.sections.push_back({"Where it comes from", "", {provenance_table(rows)}, {}, {}, true});
  return page;
}

void write_ablation(const AblationResult& result) {
  const std::string& folder = result.config.output;
  write_text_atomically(folder + "/results.csv", ablation_csv(result));
  write_text_atomically(folder + "/results.json", dump_json(parse(ablation_json(result)), 2));
  const Page page = ablation_page(result);
  write_text_atomically(folder + "/tables.md", markdown_tables(page));
  write_page(folder + "/index.html", page);
}

}  // namespace thor
