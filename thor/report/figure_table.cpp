// SPDX-License-Identifier: Apache-2.0
#include "thor/report/figure_table.h"

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"

namespace thor {
namespace {

/// "29.7 [25.1, 33.0]"
std::string interval_text(const Interval& value) {
  if (!std::isfinite(value.mean)) return "-";
  if (!std::isfinite(value.low) || !std::isfinite(value.high)) return percent(value.mean);
  return fmt::format("{} [{}, {}]", percent(value.mean), percent(value.low), percent(value.high));
}

}  // namespace

std::string percent(double share) { return std::isfinite(share) ? fmt::format("{:.1f}", 100 * share) : "-"; }

FigureTable::FigureTable(std::string caption, const std::string& row_title, const std::vector<std::string>& row_names) {
  table_.caption = std::move(caption);
  table_.rows.push_back({row_title});
  for (const std::string& name : row_names) table_.rows.push_back({name});
}

void FigureTable::add_text(const std::string& title, const std::vector<std::string>& cells) {
  add(title, cells, {}, Best::None);
}

void FigureTable::add_figures(const std::string& title, const std::vector<double>& values, const char* format,
                              Best best) {
  std::vector<std::string> cells;
  for (const double value : values)
    cells.push_back(std::isfinite(value) ? fmt::format(fmt::runtime(format), value) : "-");
  add(title, cells, values, best);
}

void FigureTable::add_intervals(const std::string& title, const std::vector<Interval>& values, Best best) {
  std::vector<std::string> cells;
  std::vector<double> means;
  for (const Interval& value : values) {
    cells.push_back(interval_text(value));
    means.push_back(value.mean);
  }
  add(title, cells, means, best);
}

void FigureTable::add(const std::string& title, const std::vector<std::string>& cells,
                      const std::vector<double>& values, Best best) {
  if (cells.size() + 1 != table_.rows.size())
    fail(ErrorKind::Internal, "column '{}' has {} cells for {} rows", title, cells.size(), table_.rows.size() - 1);
  const bool empty = std::none_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
  if (empty && !values.empty()) return;
  double top = NAN;
  for (const double value : values)
    if (std::isfinite(value) && !(best == Best::Highest ? value <= top : value >= top)) top = value;
  const size_t column = table_.rows[0].size();
  table_.rows[0].push_back(title);
  for (size_t i = 0; i < cells.size(); ++i) {
    table_.rows[i + 1].push_back(cells[i]);
    if (best != Best::None && cells.size() > 1 && values[i] == top) table_.bold.emplace_back(i + 1, column);
  }
}

}  // namespace thor
