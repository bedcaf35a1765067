// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/eval/evaluation.h"
#include "thor/eval/lesions.h"
#include "thor/eval/ranking.h"

namespace thor {

/// The thresholds of an evaluation: those of the curve, and those brought along. Counts are kept for `ascending`.
struct ThresholdGrid {
  std::vector<double> curve;
  std::vector<NamedThreshold> named;
  std::vector<double> ascending;  ///< both together

  /// 101 from 0 to `largest`, or to 1 where that is 0.
  ThresholdGrid(double largest, std::vector<NamedThreshold> brought_along);
  /// Where a threshold of either kind stands in `ascending`.
  size_t place(double threshold) const;
};

/// All that is kept of a case's pixels: counts at each of the grid's ascending thresholds.
struct CaseCounts {
  double pixels = 0, truth = 0;
  std::vector<double> hits, predicted;  ///< lesion pixels, and all pixels, above the threshold
  LesionCounts lesions;
};
/// What counts of a case is what lies in its `examined` voxels, all where that is undefined.
CaseCounts count_case(const ScoredCase& one, const std::vector<double>& ascending, double overlap);

/// The name of the size group a lesion falls into: small, medium, large for three groups, else "4-71 px"; "" outside.
std::string size_group(const std::vector<int64_t>& edges, int64_t pixels);
/// All names, in order. Throws Usage unless there are at least two edges that increase.
std::vector<std::string> size_groups(const std::vector<int64_t>& edges);
/// The same of volumes, in ml: "0.1-1 ml".
std::string size_group_ml(const std::vector<double>& edges, double ml);
std::vector<std::string> size_groups_ml(const std::vector<double>& edges);

/// A group by name, the counts of its cases and the areas of its pooled pixels.
struct GroupCounts {
  std::string name;
  std::vector<const CaseCounts*> cases;
  Areas areas;
};
GroupScores score_group(const GroupCounts& group, const ThresholdGrid& grid, const EvaluationConfig& config);

/// Dice of one case at a threshold of the grid.
double case_dice_at(const CaseCounts& counts, size_t place);

}  // namespace thor
