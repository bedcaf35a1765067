// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/group_scores.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "thor/base/error.h"
#include "thor/eval/bootstrap.h"
#include "thor/eval/metrics.h"

namespace thor {
namespace {

constexpr int64_t kCurveSteps = 100;

/// Sums over cases at one threshold.
struct GroupSum {
  double cases = 0, pixels = 0, truth = 0, hits = 0, predicted = 0, lesions = 0, found = 0, false_alarms = 0;

  void add(const CaseCounts& one, size_t place) {
    cases += 1;
    pixels += one.pixels;
    truth += one.truth;
    hits += one.hits[place];
    predicted += one.predicted[place];
    lesions += static_cast<double>(one.lesions.lesions);
    found += static_cast<double>(one.lesions.found[place]);
    false_alarms += static_cast<double>(one.lesions.false_alarms[place]);
  }
  double dice() const { return dice_of_counts(hits, predicted, truth); }
};

double share(double part, double whole) { return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN(); }

GroupSum sum_at(const std::vector<const CaseCounts*>& cases, size_t place) {
  GroupSum sum;
  for (const CaseCounts* one : cases) sum.add(*one, place);
  return sum;
}

/// What is left to say where the truth has no lesion: overlap with nothing is not 0 but undefined.
ThresholdScores undefined_beside(double false_positive_rate) {
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  const Interval none{kUndefined, kUndefined, kUndefined};
  return {"", kUndefined, none, none, false_positive_rate, kUndefined, kUndefined, kUndefined};
}

ThresholdScores score_threshold(const std::vector<const CaseCounts*>& cases, size_t place,
                                const EvaluationConfig& config) {
  ThresholdScores scores;
  const GroupSum sum = sum_at(cases, place);
  scores.false_positive_rate = share(sum.predicted - sum.hits, sum.pixels - sum.truth);
  if (sum.truth == 0) return undefined_beside(scores.false_positive_rate);
  scores.lesion_recall = share(sum.found, sum.lesions);
  scores.lesion_precision = share(sum.found, sum.found + sum.false_alarms);
  scores.lesion_f1 = share(2 * sum.found, sum.found + sum.false_alarms + sum.lesions);
  scores.pooled_dice = bootstrap(
      cases.size(),
      [&](const std::vector<size_t>& drawn) {
        GroupSum resampled;
        for (const size_t one : drawn) resampled.add(*cases[one], place);
        return resampled.dice();
      },
      config);
  std::vector<double> dice_of_cases;
  for (const CaseCounts* one : cases)
    if (one->truth > 0) dice_of_cases.push_back(case_dice_at(*one, place));
  scores.case_dice = bootstrap_mean(dice_of_cases, config);
  return scores;
}

void score_curves(GroupScores& scores, const GroupCounts& group, const ThresholdGrid& grid) {
  scores.curve_thresholds = grid.curve;
  for (const double threshold : grid.curve) {
    const GroupSum sum = sum_at(group.cases, grid.place(threshold));
    const bool lesions = sum.truth > 0;
    scores.dice_curve.push_back(lesions ? sum.dice() : std::numeric_limits<double>::quiet_NaN());
    scores.precision.push_back(share(sum.hits, lesions ? sum.predicted : 0));
    scores.recall.push_back(share(sum.hits, sum.truth));
    scores.froc_fp_per_case.push_back(share(sum.false_alarms, sum.cases));
    scores.froc_recall.push_back(share(sum.found, sum.lesions));
  }
}

}  // namespace

ThresholdGrid::ThresholdGrid(double largest, std::vector<NamedThreshold> brought_along)
    : named(std::move(brought_along)) {
  const double top = largest > 0 ? largest : 1.0;
  // NumPy's linspace, to the last bit.
  const double step = top / kCurveSteps;
  for (int64_t i = 0; i < kCurveSteps; ++i) curve.push_back(static_cast<double>(i) * step);
  curve.push_back(top);
  ascending = curve;
  for (const NamedThreshold& one : named) ascending.push_back(one.value);
  std::sort(ascending.begin(), ascending.end());
}

size_t ThresholdGrid::place(double threshold) const {
  return static_cast<size_t>(std::lower_bound(ascending.begin(), ascending.end(), threshold) - ascending.begin());
}

CaseCounts count_case(const ScoredCase& one, const std::vector<double>& ascending, double overlap) {
  Tensor map = one.map, lesion = one.truth.gt(0).contiguous(), examined;
  if (one.examined.defined()) {
    examined = one.examined.contiguous();
    lesion = lesion.logical_and(examined);
    map = at::where(examined, map, at::scalar_tensor(-INFINITY, at::kFloat));  // above no threshold
  }
  CaseCounts counts;
  counts.lesions = count_lesions(map, lesion, ascending, overlap);
  const bool* in_lesion = lesion.data_ptr<bool>();
  const bool* counted = examined.defined() ? examined.data_ptr<bool>() : nullptr;
  const auto levels = exceeded_thresholds(map, ascending);
  std::vector<double> all(ascending.size() + 1, 0), hits(ascending.size() + 1, 0);
  for (size_t i = 0; i < levels.size(); ++i) {
    if (counted && !counted[i]) continue;
    ++all[levels[i]];
    if (in_lesion[i]) ++hits[levels[i]];
  }
  for (size_t k = ascending.size(); k > 0; --k) {
    all[k - 1] += all[k];
    hits[k - 1] += hits[k];
  }
  counts.pixels = all[0];
  counts.truth = hits[0];
  counts.predicted.assign(all.begin() + 1, all.end());
  counts.hits.assign(hits.begin() + 1, hits.end());
  return counts;
}

std::vector<std::string> size_groups(const std::vector<int64_t>& edges) {
  if (edges.size() < 2 || std::adjacent_find(edges.begin(), edges.end(), std::greater_equal<>()) != edges.end())
    fail_usage(
        "evaluation.size_edges is [{}]; expected at least two pixel counts that increase, e.g. [3, 71, 570, 10000]",
        fmt::join(edges, ", "));
  if (edges.size() == 4) return {"small", "medium", "large"};
  std::vector<std::string> names;
  for (size_t i = 1; i < edges.size(); ++i) names.push_back(fmt::format("{}-{} px", edges[i - 1] + 1, edges[i]));
  return names;
}

std::string size_group(const std::vector<int64_t>& edges, int64_t pixels) {
  if (pixels <= edges.front() || pixels > edges.back()) return {};
  const auto upper = std::lower_bound(edges.begin(), edges.end(), pixels);
  return size_groups(edges)[static_cast<size_t>(upper - edges.begin()) - 1];
}

std::vector<std::string> size_groups_ml(const std::vector<double>& edges) {
  if (edges.size() < 2 || std::adjacent_find(edges.begin(), edges.end(), std::greater_equal<>()) != edges.end())
    fail_usage("evaluation.size_edges_ml is [{}]; expected at least two volumes that increase, e.g. [0.1, 1, 10, 1000]",
               fmt::join(edges, ", "));
  if (edges.size() == 4) return {"small", "medium", "large"};
  std::vector<std::string> names;
  for (size_t i = 1; i < edges.size(); ++i) names.push_back(fmt::format("{:g}-{:g} ml", edges[i - 1], edges[i]));
  return names;
}

std::string size_group_ml(const std::vector<double>& edges, double ml) {
  if (ml <= edges.front() || ml > edges.back()) return {};
  const auto upper = std::lower_bound(edges.begin(), edges.end(), ml);
  return size_groups_ml(edges)[static_cast<size_t>(upper - edges.begin()) - 1];
}

double case_dice_at(const CaseCounts& counts, size_t place) {
  return dice_of_counts(counts.hits[place], counts.predicted[place], counts.truth);
}

GroupScores score_group(const GroupCounts& group, const ThresholdGrid& grid, const EvaluationConfig& config) {
  GroupScores scores;
  scores.group = group.name;
  scores.cases = static_cast<int64_t>(group.cases.size());
  scores.auprc = group.areas.auprc;
  scores.auroc = group.areas.auroc;
  score_curves(scores, group, grid);
  const auto best = std::max_element(scores.dice_curve.begin(), scores.dice_curve.end());
  std::vector<NamedThreshold> thresholds{{"oracle", grid.curve[static_cast<size_t>(best - scores.dice_curve.begin())]}};
  if (std::isnan(*best)) thresholds[0].value = *best;  // without a lesion none is best
  thresholds.insert(thresholds.end(), grid.named.begin(), grid.named.end());
  for (const NamedThreshold& one : thresholds) {
    scores.thresholds.push_back(std::isnan(one.value) ? undefined_beside(one.value)
                                                      : score_threshold(group.cases, grid.place(one.value), config));
    scores.thresholds.back().label = one.label;
    scores.thresholds.back().threshold = one.value;
  }
  return scores;
}

}  // namespace thor
