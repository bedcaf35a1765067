// SPDX-License-Identifier: Apache-2.0
#include "thor/report/ablation_charts.h"

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "thor/report/chart.h"

namespace thor {
namespace {

constexpr const char* kMeanDice = "oracle Dice %, mean over groups";

/// The axis' values as numbers; empty where one is none.
std::vector<double> numbers_on(const AblationAxis& axis) {
  std::vector<double> numbers;
  for (const YamlText& value : axis.values) {
    char* end = nullptr;
    numbers.push_back(std::strtod(value.text.c_str(), &end));
    if (value.text.empty() || *end != '\0') return {};
  }
  return numbers;
}

std::vector<std::string> texts_on(const AblationAxis& axis) {
  std::vector<std::string> texts;
  for (const YamlText& value : axis.values) texts.push_back(value_label(axis, value));
  return texts;
}

double dice_percent(const ComparedRow& row, const std::string& group) {
  return 100 * row.mean_at(group, "oracle", &ThresholdScores::pooled_dice).mean;
}

std::string dice_line(const AblationAxis& axis, const std::vector<double>& numbers,
                      const std::vector<ComparedRow>& rows) {
  Chart chart{"Oracle Dice over " + axis.key, {axis.key, NAN, NAN}, {"oracle Dice %", 0, NAN}, {}};
  std::vector<size_t> order(numbers.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return numbers[a] < numbers[b]; });
  for (const std::string& group : groups_of(rows)) {
    Series series{group, {}, {}};
    for (const size_t i : order) {
      series.x.push_back(numbers[i]);
      series.y.push_back(dice_percent(rows[i], group));
    }
    chart.series.push_back(std::move(series));
  }
  return line_chart(chart);
}

std::string settings_heat_map(const std::string& title, const std::vector<std::string>& labels,
                              const std::vector<ComparedRow>& rows) {
  HeatMap map{"Oracle Dice of every setting", "lesions", title, "oracle Dice %", groups_of(rows), labels, {}};
  for (const ComparedRow& row : rows) {
    map.values.emplace_back();
    for (const std::string& group : map.x_labels) map.values.back().push_back(dice_percent(row, group));
  }
  return heat_map(map);
}

/// Settings `first` and following, the x axis fastest.
std::string grid_heat_map(const std::string& title, const AblationAxis& y, const AblationAxis& x,
                          const std::vector<ComparedRow>& rows, size_t first) {
  HeatMap map{title, x.key, y.key, kMeanDice, texts_on(x), texts_on(y), {}};
  const auto groups = groups_of(rows);
  for (size_t i = 0; i < y.values.size(); ++i) {
    map.values.emplace_back();
    for (size_t j = 0; j < x.values.size(); ++j)
      map.values.back().push_back(100 * mean_group_dice(rows.at(first + i * x.values.size() + j), groups));
  }
  return heat_map(map);
}

double calls_of(const ComparedRow& row) {
  return row.mean([](const CellResult& cell) { return static_cast<double>(cell.network_calls); });
}

/// Settings with the same value on the first axis, and each reference, are a series.
std::string cost_chart(const AblationResult& result, const std::vector<ComparedRow>& rows, const std::string& figure,
                       const std::function<double(size_t)>& of_setting) {
  Chart chart{"Network calls and " + figure, {"network calls an image", NAN, NAN, true}, {figure, NAN, NAN}, {}};
  for (size_t i = 0; i < rows.size(); ++i) {
    const AblationSetting& setting = result.settings[i];
    const bool alone = i < result.config.reference.size();
    const std::string name = !setting.values.empty() ? setting.values[0] : alone ? setting.name : "settings";
    auto series =
        std::find_if(chart.series.begin(), chart.series.end(), [&](const Series& one) { return one.name == name; });
    if (series == chart.series.end()) series = chart.series.insert(series, {name, {}, {}});
    series->x.push_back(calls_of(rows[i]));
    series->y.push_back(of_setting(i));
  }
  return scatter_chart(chart);
}

}  // namespace

std::vector<std::string> cost_charts(const AblationResult& result, const std::vector<ComparedRow>& rows,
                                     const std::vector<Interval>& correlation) {
  const bool alike =
      std::all_of(rows.begin(), rows.end(), [&](const ComparedRow& row) { return calls_of(row) == calls_of(rows[0]); });
  if (alike || result.config.reference.empty()) return {};
  std::vector<std::string> charts;
  for (const std::string& group : groups_of(rows))
    charts.push_back(cost_chart(result, rows, "oracle Dice %: " + group,
                                [&](size_t setting) { return dice_percent(rows[setting], group); }));
  charts.push_back(cost_chart(result, rows, "correlation with the first",
                              [&](size_t setting) { return correlation[setting].mean; }));
  return charts;
}

std::vector<std::string> ablation_charts(const AblationConfig& config, const std::vector<ComparedRow>& rows) {
  const auto& axes = config.axes;
  if (axes.size() > 3) return {};
  if (axes.size() == 2) return {grid_heat_map("Oracle Dice", axes[0], axes[1], rows, 0)};
  if (axes.size() == 3) {
    std::vector<std::string> charts;
    const size_t settings = axes[1].values.size() * axes[2].values.size();
    for (size_t i = 0; i < axes[0].values.size(); ++i)
      charts.push_back(grid_heat_map(axes[0].key + " " + value_label(axes[0], axes[0].values[i]), axes[1], axes[2],
                                     rows, i * settings));
    return charts;
  }
  if (axes.size() == 1)
    if (const auto numbers = numbers_on(axes[0]); numbers.size() > 1) return {dice_line(axes[0], numbers, rows)};
  return {settings_heat_map(axes.empty() ? "setting" : axes[0].key, axes.empty() ? titles_of(rows) : texts_on(axes[0]),
                            rows)};
}

}  // namespace thor
