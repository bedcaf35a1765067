// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/eval/evaluation.h"

namespace thor {
namespace {

constexpr const char* kProtocol = "oracle threshold: best of 101 on this very set";

std::string percent(double share) { return std::isnan(share) ? "-" : fmt::format("{:.2f}", 100 * share); }

std::string interval_text(const Interval& interval) {
  return std::isnan(interval.low) ? "-" : fmt::format("[{}, {}]", percent(interval.low), percent(interval.high));
}

nlohmann::json or_null(double value) { return std::isnan(value) ? nlohmann::json() : nlohmann::json(value); }

nlohmann::json or_nulls(const std::vector<double>& values) {
  auto list = nlohmann::json::array();
  for (const double value : values) list.push_back(or_null(value));
  return list;
}

nlohmann::json json_of(const Interval& interval) {
  return {{"mean", or_null(interval.mean)}, {"interval_95", {or_null(interval.low), or_null(interval.high)}}};
}

nlohmann::json json_of(const ThresholdScores& scores) {
  return {{"label", scores.label},
          {"threshold", or_null(scores.threshold)},
          {"pooled_dice", json_of(scores.pooled_dice)},
          {"case_dice", json_of(scores.case_dice)},
          {"false_positive_rate", or_null(scores.false_positive_rate)},
          {"lesion_recall", or_null(scores.lesion_recall)},
          {"lesion_precision", or_null(scores.lesion_precision)},
          {"lesion_f1", or_null(scores.lesion_f1)}};
}

nlohmann::json json_of(const GroupScores& group) {
  nlohmann::json thresholds = nlohmann::json::array();
  for (const ThresholdScores& one : group.thresholds) thresholds.push_back(json_of(one));
  return {{"group", group.group},
          {"cases", group.cases},
          {"oracle_dice", or_null(group.oracle().pooled_dice.mean)},
          {"oracle_threshold", or_null(group.oracle().threshold)},
          {"auprc", or_null(group.auprc)},
          {"auroc", or_null(group.auroc)},
          {"thresholds", thresholds},
          {"curve",
           {{"thresholds", group.curve_thresholds},
            {"dice", or_nulls(group.dice_curve)},
            {"precision", or_nulls(group.precision)},
            {"recall", or_nulls(group.recall)},
            {"lesion_recall", or_nulls(group.froc_recall)},
            {"false_positives_per_case", or_nulls(group.froc_fp_per_case)}}}};
}

nlohmann::json json_of(const CaseScores& one, const std::vector<ThresholdScores>& labels, bool volume) {
  nlohmann::json dice = nlohmann::json::object();
  for (size_t i = 0; i < one.dice.size(); ++i) dice[labels.at(i).label] = or_null(one.dice[i]);
  nlohmann::json json = {
      {"name", one.name}, {"group", one.group}, {"lesion", one.lesion}, {"score", or_null(one.score)}, {"dice", dice}};
  if (one.lesion)
    json["ranking"] = {{"auroc", or_null(one.ranking.auroc)},
                       {"auprc", or_null(one.ranking.auprc)},
                       {"prevalence", or_null(one.ranking.prevalence)},
                       {"peak_in_lesion", or_null(one.ranking.peak)}};
  if (volume)
    json.update({{"lesion_ml", one.lesion_ml}, {"lesion_ml_not_examined", one.unseen_ml}});
  else
    json["lesion_pixels_128"] = one.lesion_pixels;
  return json;
}

nlohmann::json json_of(const std::vector<LeftOut>& rows) {
  auto list = nlohmann::json::array();
  for (const LeftOut& row : rows) list.push_back({{"name", row.name}, {"reason", row.reason}});
  return list;
}

std::string threshold_text(double value) { return std::isnan(value) ? "-" : fmt::format("{:.3f}", value); }

std::string dice_table(const std::vector<GroupScores>& groups) {
  constexpr const char* kRow = "{:<10} {:>5}  {:>7}  {:>8}  {:<16} {:>6}  {:>6}  {:>15}  {:>10}  {:>15}\n";
  std::string text = fmt::format(kRow, "group", "cases", "AUPRC %", "AUROC %", "threshold", "at", "Dice %",
                                 "95 % interval", "per case %", "95 % interval");
  for (const GroupScores& group : groups)
    for (const ThresholdScores& one : group.thresholds) {
      const bool first = &one == &group.oracle();
      text += fmt::format(kRow, first ? group.group : "", first ? std::to_string(group.cases) : "",
                          first ? percent(group.auprc) : "", first ? percent(group.auroc) : "", one.label,
                          threshold_text(one.threshold), percent(one.pooled_dice.mean), interval_text(one.pooled_dice),
                          percent(one.case_dice.mean), interval_text(one.case_dice));
    }
  return text;
}

std::string lesion_table(const std::vector<GroupScores>& groups, const char* pixels) {
  constexpr const char* kRow = "{:<10} {:<16} {:>15}  {:>11}  {:>6}  {:>21}\n";
  std::string text = fmt::format(kRow, "group", "threshold", "lesions found %", "precision %", "F1 %",
                                 fmt::format("healthy {} above %", pixels));
  for (const GroupScores& group : groups)
    for (const ThresholdScores& one : group.thresholds)
      text += fmt::format(kRow, &one == &group.oracle() ? group.group : "", one.label, percent(one.lesion_recall),
                          percent(one.lesion_precision), percent(one.lesion_f1), percent(one.false_positive_rate));
  return text;
}

/// What of the volumes was compared, in ml.
std::string volumes_text(const std::vector<CaseScores>& cases) {
  double all = 0, unseen = 0;
  for (const CaseScores& one : cases) {
    all += one.lesion_ml;
    unseen += one.unseen_ml;
  }
  std::string text =
      fmt::format("volumes: only examined slices that show something are compared; lesions {:.4g} ml", all);
  return text + (unseen > 0
                     ? fmt::format(", of which {:.4g} ml ({:.1f} %) were not examined\n", unseen, 100 * unseen / all)
                     : ", all of them examined\n");
}

std::string number_text(const Interval& figure) {
  return std::isnan(figure.mean) ? "-" : fmt::format("{:.4f} [{:.4f}, {:.4f}]", figure.mean, figure.low, figure.high);
}

std::string restoration_text(const RestorationScores& scores) {
  if (std::isnan(scores.mae.mean)) return {};
  return fmt::format("healthy tissue restored: MAE {}, SSIM {}, LPIPS-alex {}, changed {} %\n", number_text(scores.mae),
                     number_text(scores.ssim), number_text(scores.lpips_alex), percent(scores.changed_share));
}

std::string ranking_text(const RankingScores& scores, bool volumes) {
  if (std::isnan(scores.auroc.mean)) return {};
  const auto with_interval = [](const Interval& one) {
    return fmt::format("{} % {}", percent(one.mean), interval_text(one));
  };
  return fmt::format(
      "in {} of each case with a lesion, mean over the cases: AUROC {}, AUPRC {} (lesion {} % of it), highest value "
      "in the lesion {}\n",
      volumes ? "the examined part" : "the head", with_interval(scores.auroc), with_interval(scores.auprc),
      percent(scores.prevalence), with_interval(scores.peak));
}

/// "left out: 3 cases, the first 'a.png': no map", one line a reason.
std::string by_reason(const std::string& what, const std::vector<LeftOut>& rows) {
  std::map<std::string, std::vector<std::string>> names;
  for (const LeftOut& row : rows) names[row.reason].push_back(row.name);
  std::string text;
  for (const auto& [reason, same] : names)
    text += same.size() == 1 ? fmt::format("{}: '{}': {}\n", what, same[0], reason)
                             : fmt::format("{}: {} cases, the first '{}': {}\n", what, same.size(), same[0], reason);
  return text;
}

}  // namespace

JsonText Evaluation::to_json() const {
  nlohmann::json result = {{"protocol", kProtocol},
                           {"grid", native ? "native" : "network"},
                           {"of", volumes ? "volumes" : "pictures"},
                           {"image_auroc", or_null(image_auroc)},
                           {"ranking",
                            {{"auroc", json_of(ranking.auroc)},
                             {"auprc", json_of(ranking.auprc)},
                             {"prevalence", or_null(ranking.prevalence)},
                             {"peak_in_lesion", json_of(ranking.peak)}}},
                           {"restoration",
                            {{"mae", json_of(restoration.mae)},
                             {"ssim", json_of(restoration.ssim)},
                             {"lpips_alex", json_of(restoration.lpips_alex)},
                             {"changed_share", or_null(restoration.changed_share)}}},
                           {"left_out", json_of(left_out)},
                           {"notes", json_of(notes)},
                           {"groups", nlohmann::json::array()},
                           {"cases", nlohmann::json::array()}};
  for (const GroupScores& group : groups) result["groups"].push_back(json_of(group));
  for (const CaseScores& one : cases) result["cases"].push_back(json_of(one, groups.back().thresholds, volumes));
  return json_text(result);
}

std::string Evaluation::table() const {
  const char* pixels = volumes ? "voxels" : "pixels";
  std::string text = dice_table(groups) + "\n" + lesion_table(groups, pixels) + "\n";
  if (std::none_of(cases.begin(), cases.end(), [](const CaseScores& one) { return one.lesion; }))
    text +=
        "no lesion in the truth: Dice, AUPRC, AUROC, precision, recall and a best threshold are not defined; what is "
        "marked in healthy tissue is measured at a threshold that is given, or that of a calibration\n";
  text += fmt::format("Dice: {} pooled over the cases, on {} grid; {}\n", pixels,
                      volumes  ? "each scan's own"
                      : native ? "each image's own"
                               : "the network's",
                      kProtocol);
  text += "per case: mean Dice over the cases with a lesion; intervals: bootstrap over cases\n";
  if (volumes) text += volumes_text(cases);
  if (!std::isnan(image_auroc)) text += fmt::format("AUROC of the image scores: {} %\n", percent(image_auroc));
  text += ranking_text(ranking, volumes);
  return text + restoration_text(restoration) + by_reason("left out", left_out) + by_reason("note", notes);
}

}  // namespace thor
