// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "thor/base/error.h"
#include "thor/eval/evaluation.h"

namespace thor {
namespace {

constexpr const char* kProtocol = "oracle threshold: best of 101 on this very set";

std::string percent(double share) { return std::isnan(share) ? "-" : fmt::format("{:.2f}", 100 * share); }

nlohmann::json or_null(double value) { return std::isnan(value) ? nlohmann::json() : nlohmann::json(value); }

const char* grid_name(bool native) { return native ? "each image's own" : "the network's"; }

std::string described(const GroupScores& g) {
  return fmt::format("{:<10} {:>5}  {:>7}  {:>9.2f}  {:>7}  {:>7}  {:>9}  {:>16}\n", g.group, g.cases,
                     percent(g.oracle.dice), g.oracle.threshold, percent(g.auprc), percent(g.auroc),
                     percent(g.mean_case_dice),
                     fmt::format("[{}, {}]", percent(g.case_dice_low), percent(g.case_dice_high)));
}

}  // namespace

nlohmann::json Evaluation::to_json() const {
  nlohmann::json result = {{"protocol", kProtocol},
                           {"grid", native ? "native" : "network"},
                           {"missing", missing},
                           {"groups", nlohmann::json::array()},
                           {"cases", nlohmann::json::array()}};
  for (const GroupScores& g : groups)
    result["groups"].push_back({{"group", g.group},
                                {"cases", g.cases},
                                {"oracle_dice", g.oracle.dice},
                                {"oracle_threshold", g.oracle.threshold},
                                {"auprc", or_null(g.auprc)},
                                {"auroc", or_null(g.auroc)},
                                {"mean_case_dice", g.mean_case_dice},
                                {"mean_case_dice_interval_95", {g.case_dice_low, g.case_dice_high}}});
  for (const CaseScores& one : cases)
    result["cases"].push_back(
        {{"name", one.name}, {"group", one.group}, {"lesion_pixels_128", one.lesion_pixels}, {"dice", one.dice}});
  return result;
}

std::string Evaluation::table() const {
  std::string text = fmt::format("{:<10} {:>5}  {:>7}  {:>9}  {:>7}  {:>7}  {:>9}  {:>16}\n", "group", "cases",
                                 "Dice %", "threshold", "AUPRC %", "AUROC %", "per case", "95 % interval");
  for (const GroupScores& group : groups) text += described(group);
  text += fmt::format("Dice: {}; pixels pooled over the cases, on {} grid\n", kProtocol, grid_name(native));
  text += "per case: mean Dice over the cases with a lesion at that threshold; interval: bootstrap over cases\n";
  if (missing > 0) text += fmt::format("{} rows have no map and are left out\n", missing);
  return text;
}

}  // namespace thor
