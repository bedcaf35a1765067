// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/base/json_text.h"
#include "thor/base/run_context.h"
#include "thor/base/tensor.h"

namespace thor {

/// 3, 71, 570, 10000 pixels on the 128 grid: (3,71] small, (71,570] medium, (570,10000] large.
std::vector<int64_t> paper_size_edges();

/// How maps are compared with the truth (METHODS 10).
struct EvaluationConfig {
  std::vector<int64_t> size_edges = paper_size_edges();
  std::vector<double> size_edges_ml{0.1, 1, 10, 1000};  ///< of volumes: (0.1,1] small, (1,10] medium, (10,1000] large
  double lesion_overlap = 0.1;    ///< share of a lesion's pixels above the threshold that counts as found
  int64_t resamples = 2000;       ///< of the bootstrap over cases
  int64_t seed = 0;               ///< of the bootstrap
  RunContext* context = nullptr;  ///< no key of the YAML; null = that of the calling thread
  void describe(Fields& fields);
};

/// A threshold that was not chosen on the set it is applied to, and where it came from: "validation", "calibrated 5 %".
struct NamedThreshold {
  std::string label;
  double value = 0;
};

/// A mean and its bootstrap 95 % interval over cases.
struct Interval {
  double mean = 0, low = 0, high = 0;
};

/// What one threshold gives in one group of cases. Shares in [0,1]; NaN (null in JSON) where undefined: without a
/// lesion in the truth all but the false-positive rate, and the oracle's threshold itself.
struct ThresholdScores {
  std::string label;  ///< "oracle", or that of the NamedThreshold
  double threshold = 0;
  Interval pooled_dice;            ///< all pixels of the group pooled; interval: cases resampled, threshold kept
  Interval case_dice;              ///< mean over the cases with a lesion
  double false_positive_rate = 0;  ///< share of healthy pixels above the threshold
  double lesion_recall = 0, lesion_precision = 0, lesion_f1 = 0;  ///< connected components
};

/// One group: "small", "medium", "large", other groups of the CSV, "all". Healthy cases count into "all" only.
struct GroupScores {
  std::string group;
  int64_t cases = 0;
  double auprc = 0, auroc = 0;              ///< pooled pixels; NaN where a kind of pixels is absent
  std::vector<ThresholdScores> thresholds;  ///< oracle first: the best of the curve's thresholds on this very set
  std::vector<double> curve_thresholds;     ///< 101, from 0 to the largest map value
  std::vector<double> dice_curve;           ///< pooled Dice at those
  std::vector<double> precision, recall;    ///< pixels, at those
  std::vector<double> froc_fp_per_case, froc_recall;  ///< lesions, at those
  const ThresholdScores& oracle() const { return thresholds.front(); }
};

/// How well tissue outside the lesions was restored, averaged over cases; NaN where it was not measured.
struct RestorationScores {
  Interval mae, ssim, lpips_alex;
  double changed_share = 0;  ///< share of healthy pixels inside the head changed by more than 0.1: false restoration
};

/// How well a case's own map ranks its own pixels: in what was examined of a volume, in the head of a picture (in all
/// of it where the image is not known). NaN without a lesion there.
struct CaseRanking {
  double auroc = 0, auprc = 0;
  double prevalence = 0;  ///< share of lesion among these pixels: the AUPRC of chance
  double peak = 0;        ///< 1 where the map's highest value lies in the lesion, else 0
};

/// The same, averaged over the cases with a lesion.
struct RankingScores {
  Interval auroc, auprc, peak;
  double prevalence = 0;
};

struct CaseScores {
  std::string name, group;    ///< group "" = healthy, or a lesion outside the size groups
  int64_t lesion_pixels = 0;  ///< of a picture, on the 128 grid
  double lesion_ml = 0;       ///< of a volume, the whole mask
  double unseen_ml = 0;       ///< of a volume, the part of the mask that was not examined and is not compared
  bool lesion = false;        ///< has a lesion on the grid of the comparison, where it was examined
  double score = 0;           ///< image score
  CaseRanking ranking;
  std::vector<double> dice;  ///< at each of its group's thresholds, in their order; NaN for a healthy case
};

/// Rows of the truth that could not be compared, and why; never dropped silently.
struct LeftOut {
  std::string name, reason;
};

struct Evaluation {
  std::vector<GroupScores> groups;
  std::vector<CaseScores> cases;
  std::vector<LeftOut> left_out;  ///< rows without a map, maps without a row, truth that cannot be used
  std::vector<LeftOut> notes;     ///< cases that were compared, but whose truth is odd: an empty mask, many values
  RankingScores ranking;
  RestorationScores restoration;
  double image_auroc = 0;  ///< image scores, with against without a lesion; NaN where a kind is absent
  bool native = false;     ///< compared on each image's own grid
  bool volumes = false;    ///< of volumes: voxels and ml instead of pixels; always on their own grid
  JsonText to_json() const;
  std::string table() const;  ///< for people
};

/// One case to compare: map and truth on one grid.
struct ScoredCase {
  std::string name;
  std::string group;             ///< of the CSV; "" = by size
  int64_t lesion_pixels = 0;     ///< of a picture, on the 128 grid
  double score = 0;              ///< image score
  Tensor map, truth;             ///< float32 [H,W], of a volume [D,H,W]; the map >= 0, truth 0 or 1
  Tensor examined;               ///< bool, like the map: what is compared; undefined = all of it
  double lesion_ml = 0;          ///< of a volume, the whole mask
  double unseen_ml = 0;          ///< of a volume, the part of the mask that was not examined
  Tensor image, pseudo_healthy;  ///< float32 [H,W] in [0,1]; undefined where not known or nothing was restored
  std::string problem;           ///< why the case cannot be compared, then nothing but the name counts; "" = it can
  std::string note;              ///< what is odd about its truth, or ""
};

/// Case i of a list; called more than once for each, so that only one of them need be in memory.
using CaseSource = std::function<ScoredCase(size_t)>;

/// Compares `count` cases, pictures or volumes. Memory does not grow with pixels beyond a fixed histogram (see
/// PixelPool). A case that cannot be compared is listed in `left_out`. Throws Input where all are, and for pictures
/// among volumes; Usage for size edges that do not increase and for thresholds that are not numbers or share a label.
Evaluation evaluate_cases(size_t count, const CaseSource& source, const EvaluationConfig& config,
                          const std::vector<NamedThreshold>& thresholds = {});

/// Compares the maps `detect` wrote into `maps_folder` with the masks of `truth_csv`: of pictures on the network's grid
/// (as the paper) unless `native`, of volumes on the scan's, in the slices that were examined. Rows are matched to maps
/// by the image file, else by its stem. Throws Input where no row has a map; a single case that cannot be compared is
/// listed in `left_out`.
Evaluation evaluate_folder(const std::string& maps_folder, const std::string& truth_csv, const EvaluationConfig& config,
                           const std::vector<NamedThreshold>& thresholds, bool native);

struct MapSet;
struct SplitRow;
/// Compares a set of maps with the masks of the rows they were made from.
Evaluation evaluate_set(const MapSet& set, const std::vector<SplitRow>& rows, const EvaluationConfig& config,
                        const std::vector<NamedThreshold>& thresholds = {});

/// Difference of mean case Dice (a minus b) at threshold number `index` of each case's group, over the lesion cases
/// that both have, or those of one group, with the paired bootstrap interval. Throws Input where they share no case.
Interval paired_difference(const Evaluation& a, const Evaluation& b, size_t index, const EvaluationConfig& config,
                           const std::string& group = "");

}  // namespace thor
