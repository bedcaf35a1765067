// SPDX-License-Identifier: Apache-2.0
#include "thor/report/result_charts.h"

#include "thor/base/error.h"
#include "thor/report/chart.h"

namespace thor {
namespace {

using Values = std::vector<double> GroupScores::*;

/// One curve of every row in one group.
std::vector<Series> curves(const std::vector<ComparedRow>& rows, const std::string& group, Values x, Values y) {
  std::vector<Series> series;
  for (const ComparedRow& row : rows) {
    Series one{row.name, {}, {}};
    for (const GroupScores& scores : row.cells.at(0)->evaluation.groups)
      if (scores.group == group) one = {row.name, scores.*x, scores.*y};
    series.push_back(std::move(one));
  }
  return series;
}

}  // namespace

std::string precision_recall_chart(const std::vector<ComparedRow>& rows, const std::string& group) {
  return line_chart({fmt::format("Precision and recall: {}", group),
                     {"recall of lesion pixels", 0, 1},
                     {"precision", 0, 1},
                     curves(rows, group, &GroupScores::recall, &GroupScores::precision)});
}

std::string dice_threshold_chart(const std::vector<ComparedRow>& rows, const std::string& group) {
  return line_chart({fmt::format("Dice at every threshold: {}", group),
                     {"threshold of the map", 0, NAN},
                     {"pooled Dice", 0, NAN},
                     curves(rows, group, &GroupScores::curve_thresholds, &GroupScores::dice_curve)});
}

std::string froc_chart(const std::vector<ComparedRow>& rows) {
  return line_chart({"Lesions found (FROC)",
                     {"false findings per case", 0, NAN},
                     {"share of lesions found", 0, 1},
                     curves(rows, "all", &GroupScores::froc_fp_per_case, &GroupScores::froc_recall)});
}

std::string dice_size_chart(const std::vector<ComparedRow>& rows) {
  Chart chart{
      "Dice and lesion size", {"lesion pixels on the 128 grid", NAN, NAN, true}, {"Dice of the case", 0, 1}, {}};
  for (const ComparedRow& row : rows) {
    Series one{row.name, {}, {}};
    for (const CaseScores& scores : row.cells.at(0)->evaluation.cases)
      if (scores.lesion && !scores.dice.empty()) {
        one.x.push_back(static_cast<double>(scores.lesion_pixels));
        one.y.push_back(scores.dice[0]);
      }
    chart.series.push_back(std::move(one));
  }
  return scatter_chart(chart);
}

}  // namespace thor
