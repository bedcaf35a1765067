// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "thor/eval/metrics.h"

namespace thor {

/// Scores of one group of cases ("small", "medium", "large", other groups of the CSV, "all"). Pixels are pooled over
/// its cases. Healthy cases count into "all" only, where they can only add false positives.
struct GroupScores {
  std::string group;
  int64_t cases = 0;
  BestDice oracle;              ///< best of 101 thresholds on this very set: label it so
  double auprc = 0, auroc = 0;  ///< NaN (null in JSON) where a kind of pixels is absent
  double mean_case_dice = 0;    ///< mean over cases with a lesion of the Dice at the group's oracle threshold
  double case_dice_low = 0, case_dice_high = 0;  ///< its bootstrap 95 % interval over cases
};
struct CaseScores {
  std::string name, group;    ///< group "" = healthy, or a lesion outside the size groups
  int64_t lesion_pixels = 0;  ///< on the 128 grid
  double dice = 0;            ///< at the oracle threshold of its group; 0 for a healthy case
};
struct Evaluation {
  std::vector<GroupScores> groups;
  std::vector<CaseScores> cases;
  int64_t missing = 0;  ///< rows of the truth CSV without a map
  bool native = false;  ///< compared on each image's own grid
  nlohmann::json to_json() const;
  std::string table() const;  ///< for people
};

/// Compares the maps `detect` wrote into `maps_folder` with the masks of `truth_csv`, on the network's grid (as the
/// paper) unless `native`. Going back from the image's own grid, on which maps are written, smooths them very slightly.
/// Size groups come from the CSV's `group` where a row has one, else from the lesion's pixels on the 128 grid. Rows
/// are matched to maps by the image file, else by its stem. Throws Input: a mask of another size than its map, no row
/// that has a map, an unreadable file.
Evaluation evaluate(const std::string& maps_folder, const std::string& truth_csv, bool native = false);

}  // namespace thor
