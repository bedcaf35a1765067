// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "thor/eval/metrics.h"

namespace thor {

/// Scores of one group of cases ("small", "medium", "large", "all").
struct GroupScores {
  std::string group;
  int64_t cases = 0;
  BestDice oracle;         ///< best of 101 thresholds on this very set: label it so
  double auprc = 0, auroc = 0;
  double mean_case_dice = 0;  ///< mean over cases of the Dice at the group's oracle threshold
};
struct CaseScores {
  std::string name, group;
  int64_t lesion_pixels = 0;  ///< on the network's 128 grid equivalent
  double dice = 0;            ///< at the oracle threshold of its group
};
struct Evaluation {
  std::vector<GroupScores> groups;
  std::vector<CaseScores> cases;
  int64_t missing = 0;        ///< rows of the truth CSV without a map
  nlohmann::json to_json() const;
  std::string table() const;  ///< for people
};

/// Compares the maps `detect` wrote into `maps_folder` with the masks of `truth_csv`, on the network's grid (as the
/// paper) unless `native`. Size groups come from the lesion's pixels on the 128 grid.
Evaluation evaluate(const std::string& maps_folder, const std::string& truth_csv, bool native = false);

}  // namespace thor
