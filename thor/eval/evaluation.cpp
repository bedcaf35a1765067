// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/evaluation.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/detect/head_mask.h"
#include "thor/eval/bootstrap.h"
#include "thor/eval/group_scores.h"
#include "thor/eval/metrics.h"
#include "thor/eval/pixel_pool.h"
#include "thor/eval/restoration.h"

namespace thor {
namespace {

constexpr const char* kAll = "all";
constexpr double kHeadFraction = 0.1;  // of an image's 98th percentile: brighter pixels belong to the head

/// What is kept of a compared case.
struct CaseRecord {
  size_t place = 0;  // in the source
  CaseScores scores;
  CaseCounts counts;
};

/// Why a case cannot be compared, or "".
std::string problem_of(const ScoredCase& one) {
  if (!one.problem.empty()) return one.problem;
  if (one.map.sizes() != one.truth.sizes())
    return fmt::format("its map is {}, its truth {}", shape_text(one.map.sizes()), shape_text(one.truth.sizes()));
  return at::isfinite(one.map).all().item<bool>() ? "" : "its map holds values that are not finite numbers";
}

/// Values of a case that are compared.
Tensor compared(const ScoredCase& one, const Tensor& values) {
  return one.examined.defined() ? values.masked_select(one.examined) : values;
}

/// Where a case's pixels are ranked; undefined = everywhere. In the air of a picture every map is 0, which would
/// flatter.
Tensor ranked(const ScoredCase& one) {
  if (one.examined.defined() || !one.image.defined()) return one.examined;
  return head_mask(one.image.unsqueeze(0).unsqueeze(0), kHeadFraction)[0][0];
}

CaseRanking ranking_of(const ScoredCase& one) {
  const Tensor inside = ranked(one);
  const auto within = [&](const Tensor& of) { return inside.defined() ? of.masked_select(inside) : of.flatten(); };
  const Tensor map = within(one.map).to(at::kFloat), lesion = within(one.truth) > 0;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  if (map.numel() == 0 || !lesion.any().item<bool>()) return {kNone, kNone, kNone, kNone};
  const auto values_of = [](const Tensor& some) {
    const Tensor flat = some.contiguous();
    return std::vector<float>(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
  };
  std::vector<float> positive = values_of(map.masked_select(lesion)), negative = values_of(map.masked_select(~lesion));
  const double share = lesion.to(at::kDouble).mean().item<double>();
  const Areas areas = areas_under_curves(negative, positive);
  return {areas.auroc, areas.auprc, share, lesion[map.argmax()].item<bool>() ? 1.0 : 0.0};
}

/// Two passes over the cases: the first says which can be compared, their groups and the largest map value, from which
/// the thresholds follow; the second counts.
class Comparison {
 public:
  Comparison(const CaseSource& source, size_t count, const EvaluationConfig& config)
      : source_(source), config_(config), progress_("comparing", 2 * static_cast<int64_t>(count)) {
    for (size_t i = 0; i < count; ++i) look_at(i);
    if (records_.empty())
      fail_input("none of the {} cases can be compared{}", count,
                 left_out_.empty() ? "" : fmt::format("; the first, '{}': {}", left_out_[0].name, left_out_[0].reason));
  }

  Evaluation finish(const std::vector<NamedThreshold>& thresholds) {
    const ThresholdGrid grid(largest_, thresholds);
    for (CaseRecord& record : records_) count(record, grid);
    Evaluation evaluation;
    for (const std::string& name : group_names()) evaluation.groups.push_back(score(name, grid));
    for (CaseRecord& record : records_) {
      fill_dice(record, evaluation.groups, grid);
      evaluation.cases.push_back(record.scores);
    }
    evaluation.ranking = ranking();
    evaluation.restoration = restoration();
    evaluation.image_auroc = image_auroc();
    evaluation.left_out = std::move(left_out_);
    evaluation.notes = std::move(notes_);
    evaluation.native = evaluation.volumes = volumes_;
    return evaluation;
  }

 private:
  ScoredCase open(size_t place) {
    throw_if_interrupted();
    ScoredCase one = source_(place);
    progress_.advance();
    return one;
  }

  void look_at(size_t place) {
    const ScoredCase one = open(place);
    if (!one.note.empty()) notes_.push_back({one.name, one.note});
    if (const std::string problem = problem_of(one); !problem.empty()) {
      left_out_.push_back({one.name, problem});
      return;
    }
    check_kind(one);
    CaseRecord record;
    record.place = place;
    record.scores.name = one.name;
    record.scores.score = one.score;
    record.scores.lesion_pixels = one.lesion_pixels;
    record.scores.lesion_ml = one.lesion_ml;
    record.scores.unseen_ml = one.unseen_ml;
    record.scores.lesion = compared(one, one.truth).gt(0).any().item<bool>();
    if (record.scores.lesion) record.scores.group = group_of(one);
    note_what_is_not_compared(one, record.scores.lesion);
    if (const Tensor values = compared(one, one.map); values.numel() > 0)
      largest_ = std::max(largest_, values.max().item<double>());
    records_.push_back(std::move(record));
  }

  /// Sizes in pixels and in ml make no common groups, and a volume's voxels would outweigh every picture.
  void check_kind(const ScoredCase& one) {
    const bool volume = one.map.dim() == 3;
    if (records_.empty()) {
      volumes_ = volume;
      first_ = one.name;
    }
    if (volume != volumes_)
      fail_input("'{}' is a {} and '{}' a {}: pictures and volumes are not compared in one table; give each a list",
                 first_, volumes_ ? "volume" : "picture", one.name, volume ? "volume" : "picture");
  }

  std::string group_of(const ScoredCase& one) const {
    if (!one.group.empty()) return one.group;
    return volumes_ ? size_group_ml(config_.size_edges_ml, one.lesion_ml)
                    : size_group(config_.size_edges, one.lesion_pixels);
  }

  void note_what_is_not_compared(const ScoredCase& one, bool lesion) {
    const auto note = [&](const std::string& reason) { notes_.push_back({one.name, reason}); };
    if (one.unseen_ml > 0)
      note(fmt::format("{:.3g} of {:.3g} ml of its lesion lie where the network did not look, and are not compared{}",
                       one.unseen_ml, one.lesion_ml, lesion ? "" : "; counts as healthy"));
    else if (!lesion && (one.lesion_pixels > 0 || one.lesion_ml > 0))
      note("its lesion falls between the pixels of the grid of comparison; counts as healthy");
  }

  void count(CaseRecord& record, const ThresholdGrid& grid) {
    const ScoredCase one = open(record.place);
    with_context("comparing '" + one.name + "'", [&] {
      pools_[record.scores.group].add(compared(one, one.map), compared(one, one.truth));
      record.counts = count_case(one, grid.ascending, config_.lesion_overlap);
      record.scores.ranking = ranking_of(one);
      if (one.image.defined() && one.pseudo_healthy.defined()) {
        if (!meter_) meter_ = std::make_unique<RestorationMeter>();
        restored_.push_back(meter_->measure(one.image, one.pseudo_healthy, one.truth));
      }
    });
  }

  /// The size groups in their order, other groups of the CSV as they come, then all.
  std::vector<std::string> group_names() const {
    std::vector<std::string> names;
    for (const std::string& group : volumes_ ? size_groups_ml(config_.size_edges_ml) : size_groups(config_.size_edges))
      if (std::any_of(records_.begin(), records_.end(), [&](const auto& one) { return one.scores.group == group; }))
        names.push_back(group);
    for (const CaseRecord& one : records_) {
      const std::string& group = one.scores.group;
      if (!group.empty() && group != kAll && std::find(names.begin(), names.end(), group) == names.end())
        names.push_back(group);
    }
    names.push_back(kAll);
    return names;
  }

  GroupScores score(const std::string& name, const ThresholdGrid& grid) {
    GroupCounts group{name, {}, {}};
    for (const CaseRecord& one : records_)
      if (name == kAll || one.scores.group == name) group.cases.push_back(&one.counts);
    if (name != kAll) {
      group.areas = pools_[name].areas();
    } else {
      PixelPool all;
      for (auto& [part, pool] : pools_) all.add(std::exchange(pool, PixelPool()));
      group.areas = all.areas();
    }
    return score_group(group, grid, config_);
  }

  static void fill_dice(CaseRecord& record, const std::vector<GroupScores>& groups, const ThresholdGrid& grid) {
    const auto own = std::find_if(groups.begin(), groups.end(),
                                  [&](const GroupScores& group) { return group.group == record.scores.group; });
    const GroupScores& group = own == groups.end() ? groups.back() : *own;
    for (const ThresholdScores& one : group.thresholds)
      record.scores.dice.push_back(record.scores.lesion ? case_dice_at(record.counts, grid.place(one.threshold))
                                                        : std::numeric_limits<double>::quiet_NaN());
  }

  /// Mean and interval over the cases in which a figure was measured.
  Interval over_cases(double CaseRestoration::*figure) const {
    std::vector<double> values;
    for (const CaseRestoration& one : restored_)
      if (!std::isnan(one.*figure)) values.push_back(one.*figure);
    return bootstrap_mean(values, config_);
  }

  RankingScores ranking() const {
    const auto mean_of = [&](double CaseRanking::*figure) {
      std::vector<double> values;
      for (const CaseRecord& one : records_)
        if (!std::isnan(one.scores.ranking.*figure)) values.push_back(one.scores.ranking.*figure);
      return bootstrap_mean(values, config_);
    };
    return {mean_of(&CaseRanking::auroc), mean_of(&CaseRanking::auprc), mean_of(&CaseRanking::peak),
            mean_of(&CaseRanking::prevalence).mean};
  }

  RestorationScores restoration() const {
    return {over_cases(&CaseRestoration::mae), over_cases(&CaseRestoration::ssim),
            over_cases(&CaseRestoration::lpips_alex), over_cases(&CaseRestoration::changed_share).mean};
  }

  double image_auroc() const {
    std::vector<double> scores, lesions;
    for (const CaseRecord& one : records_) {
      scores.push_back(one.scores.score);
      lesions.push_back(one.scores.lesion ? 1 : 0);
    }
    if (!std::all_of(scores.begin(), scores.end(), [](double score) { return std::isfinite(score); }))
      return std::numeric_limits<double>::quiet_NaN();
    return auroc(at::tensor(scores, at::kDouble), at::tensor(lesions, at::kDouble));
  }

  const CaseSource& source_;
  const EvaluationConfig& config_;
  Progress progress_;
  std::vector<CaseRecord> records_;
  std::vector<LeftOut> left_out_, notes_;
  double largest_ = 0;
  bool volumes_ = false;
  std::string first_;                       // the first case that can be compared
  std::map<std::string, PixelPool> pools_;  // by group, "" = healthy or outside the groups: disjoint
  std::unique_ptr<RestorationMeter> meter_;
  std::vector<CaseRestoration> restored_;
};

}  // namespace

std::vector<int64_t> paper_size_edges() { return {3, 71, 570, 10000}; }

void EvaluationConfig::describe(Fields& fields) {
  fields.add("size_edges", &size_edges,
             "lesion sizes in pixels of the 128 grid between which the groups lie: small, medium, large for four edges",
             at_least(0));
  fields.add("size_edges_ml", &size_edges_ml,
             "the same for volumes, in ml of the whole mask: small, medium, large for four edges", at_least(0));
  fields.add("lesion_overlap", &lesion_overlap, "share of a lesion's pixels above the threshold that counts as found",
             between(0, 1));
  fields.add("resamples", &resamples, "of the bootstrap over cases", between(0, 1e6));
  fields.add("seed", &seed, "of the bootstrap", at_least(0));
}

Evaluation evaluate_cases(size_t count, const CaseSource& source, const EvaluationConfig& config,
                          const std::vector<NamedThreshold>& thresholds) {
  const RunScope scope(config.context);
  size_groups(config.size_edges);
  size_groups_ml(config.size_edges_ml);
  std::set<std::string> labels{"oracle"};
  for (const NamedThreshold& one : thresholds) {
    if (!std::isfinite(one.value)) fail_usage("threshold '{}' is {}, expected a number", one.label, one.value);
    if (!labels.insert(one.label).second) fail_usage("two thresholds are called '{}'; give each its own", one.label);
  }
  return Comparison(source, count, config).finish(thresholds);
}

Interval paired_difference(const Evaluation& a, const Evaluation& b, size_t index, const EvaluationConfig& config,
                           const std::string& group) {
  std::map<std::string, const CaseScores*> others;
  for (const CaseScores& one : b.cases) others[one.name] = &one;
  std::vector<double> differences;
  for (const CaseScores& one : a.cases) {
    const auto other = others.find(one.name);
    if (!one.lesion || other == others.end() || !other->second->lesion) continue;
    if (!group.empty() && one.group != group) continue;
    if (index >= one.dice.size() || index >= other->second->dice.size())
      fail(ErrorKind::Internal, "threshold number {} of '{}', which was compared at {}", index, one.name,
           std::min(one.dice.size(), other->second->dice.size()));
    differences.push_back(one.dice[index] - other->second->dice[index]);
  }
  if (differences.empty())
    fail_input("the two evaluations share no case with a lesion; compare methods on the same list of images");
  return bootstrap_mean(differences, config);
}

}  // namespace thor
