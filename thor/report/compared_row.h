// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "thor/eval/benchmark.h"

namespace thor {

/// What is compared on a page: a method or a setting, and its cells in one data set, one for each seed.
struct ComparedRow {
  std::string name;
  std::vector<const CellResult*> cells;

  /// Mean over the seeds that have the figure; NaN where none has.
  double mean(const std::function<double(const CellResult&)>& figure) const;
  /// Mean of a group's figure; NaN for a group that is not there.
  double mean_in(const std::string& group, const std::function<double(const GroupScores&)>& figure) const;
  /// Mean of a figure at a threshold of a group; the bounds of an interval are means too.
  double mean_at(const std::string& group, const std::string& label, double ThresholdScores::*figure) const;
  Interval mean_at(const std::string& group, const std::string& label, Interval ThresholdScores::*figure) const;
};

/// The names of all groups, and of all thresholds, in their order.
std::vector<std::string> groups_of(const std::vector<ComparedRow>& rows);
std::vector<std::string> labels_of(const std::vector<ComparedRow>& rows);
/// How many cases a group has.
int64_t cases_in(const std::vector<ComparedRow>& rows, const std::string& group);

/// Mean over seeds of the paired difference in case Dice at the oracle thresholds, `row` minus `first`; NaN where they
/// share no case. "all" = over all groups.
Interval difference_to(const ComparedRow& first, const ComparedRow& row, const EvaluationConfig& config,
                       const std::string& group = "all");

/// Mean oracle Dice over the groups of lesions, each counting the same; over all where there are no groups.
double mean_group_dice(const ComparedRow& row, const std::vector<std::string>& groups);

}  // namespace thor
