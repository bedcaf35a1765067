// SPDX-License-Identifier: Apache-2.0
#include "thor/report/compared_row.h"

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"

namespace thor {
namespace {

constexpr const char* kWholeSet = "all";

double mean_of_finite(const std::vector<double>& values) {
  double sum = 0, count = 0;
  for (const double value : values)
    if (std::isfinite(value)) {
      sum += value;
      ++count;
    }
  return count > 0 ? sum / count : NAN;
}

/// Group `name` of a cell; null where it is not there.
const GroupScores* group_in(const CellResult& cell, const std::string& name) {
  for (const GroupScores& group : cell.evaluation.groups)
    if (group.group == name) return &group;
  return nullptr;
}

const ThresholdScores* threshold_in(const CellResult& cell, const std::string& group, const std::string& label) {
  if (const GroupScores* found = group_in(cell, group))
    for (const ThresholdScores& scores : found->thresholds)
      if (scores.label == label) return &scores;
  return nullptr;
}

void add_new(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

double ComparedRow::mean(const std::function<double(const CellResult&)>& figure) const {
  std::vector<double> values;
  for (const CellResult* cell : cells) values.push_back(figure(*cell));
  return mean_of_finite(values);
}

double ComparedRow::mean_in(const std::string& group, const std::function<double(const GroupScores&)>& figure) const {
  return mean([&](const CellResult& cell) {
    const GroupScores* found = group_in(cell, group);
    return found ? figure(*found) : NAN;
  });
}

double ComparedRow::mean_at(const std::string& group, const std::string& label, double ThresholdScores::*figure) const {
  return mean([&](const CellResult& cell) {
    const ThresholdScores* found = threshold_in(cell, group, label);
    return found ? found->*figure : NAN;
  });
}

Interval ComparedRow::mean_at(const std::string& group, const std::string& label,
                              Interval ThresholdScores::*figure) const {
  const auto part = [&](double Interval::*bound) {
    return mean([&](const CellResult& cell) {
      const ThresholdScores* found = threshold_in(cell, group, label);
      return found ? (found->*figure).*bound : NAN;
    });
  };
  return {part(&Interval::mean), part(&Interval::low), part(&Interval::high)};
}

std::vector<std::string> groups_of(const std::vector<ComparedRow>& rows) {
  std::vector<std::string> names;
  for (const ComparedRow& row : rows)
    for (const CellResult* cell : row.cells)
      for (const GroupScores& group : cell->evaluation.groups)
        if (group.group != kWholeSet) add_new(names, group.group);
  names.push_back(kWholeSet);
  return names;
}

std::vector<std::string> labels_of(const std::vector<ComparedRow>& rows) {
  std::vector<std::string> labels;
  for (const ComparedRow& row : rows)
    for (const CellResult* cell : row.cells)
      for (const GroupScores& group : cell->evaluation.groups)
        for (const ThresholdScores& scores : group.thresholds) add_new(labels, scores.label);
  return labels;
}

int64_t cases_in(const std::vector<ComparedRow>& rows, const std::string& group) {
  for (const ComparedRow& row : rows)
    for (const CellResult* cell : row.cells)
      if (const GroupScores* found = group_in(*cell, group)) return found->cases;
  return 0;
}

Interval difference_to(const ComparedRow& first, const ComparedRow& row, const EvaluationConfig& config,
                       const std::string& group) {
  std::vector<double> mean, low, high;
  for (size_t i = 0; i < std::min(first.cells.size(), row.cells.size()); ++i) try {
      const Interval one = paired_difference(row.cells[i]->evaluation, first.cells[i]->evaluation, 0, config,
                                             group == kWholeSet ? "" : group);
      mean.push_back(one.mean);
      low.push_back(one.low);
      high.push_back(one.high);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Input) throw;
    }
  return {mean_of_finite(mean), mean_of_finite(low), mean_of_finite(high)};
}

double mean_group_dice(const ComparedRow& row, const std::vector<std::string>& groups) {
  std::vector<double> values;
  for (const std::string& group : groups)
    if (group != kWholeSet || groups.size() == 1)
      values.push_back(row.mean_at(group, "oracle", &ThresholdScores::pooled_dice).mean);
  return mean_of_finite(values);
}

}  // namespace thor
