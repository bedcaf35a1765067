// SPDX-License-Identifier: Apache-2.0
#include "thor/report/protocol.h"

#include <algorithm>

#include "thor/base/error.h"

namespace thor {
namespace {

constexpr size_t kLeftOutShown = 5;

std::string seeds_text(size_t seeds) {
  return seeds == 1 ? ""
                    : fmt::format(
                          " Figures, and the bounds of their intervals, are means over {} seeds; "
                          "curves and pictures are of the first.",
                          seeds);
}

/// Where a threshold that is not the oracle's comes from.
std::string threshold_text(const std::string& label) {
  if (label == "validation")
    return " Validation: the best threshold on a list of other images with masks, the same for all groups.";
  if (label.rfind("calibrated", 0) == 0)
    return fmt::format(" {}: from healthy images alone, so that this share of their pixels is marked.", label);
  return "";
}

}  // namespace

std::string protocol_text(const EvaluationConfig& config, const ProtocolFacts& facts) {
  std::string text = "Maps are compared with masks on the network's grid. Dice pools all pixels of a group";
  if (!facts.first.empty())
    text += fmt::format("; in brackets its 95 % interval from {} bootstrap resamples of the cases, the threshold kept",
                        config.resamples);
  text += fmt::format(
      ". Groups go by the CSV, else by the lesion's pixels on the 128 grid (edges {}); images without a lesion count "
      "into \"all\" only. Oracle: the best of 101 thresholds on these very cases, an upper bound that no user reaches.",
      fmt::join(config.size_edges, ", "));
  for (const std::string& label : facts.labels) text += threshold_text(label);
  text += fmt::format(
      " A lesion (connected pixels) counts as found when at least {:g} % of it lies above the threshold. AUPRC is the "
      "average precision of all pixels of a group; image AUROC is the chance that an image with a lesion scores higher "
      "than one without.",
      100 * config.lesion_overlap);
  if (!facts.first.empty())
    text += fmt::format(
        " Differences are of mean case Dice at each method's own oracle thresholds, to {}, paired by "
        "case, with a paired bootstrap interval.",
        facts.first);
  return text + seeds_text(facts.seeds) + "\n\nResearch software, not a medical device.";
}

std::string left_out_text(const std::vector<ComparedRow>& rows) {
  std::string text;
  for (const ComparedRow& row : rows) {
    const auto& left_out = row.cells.at(0)->evaluation.left_out;
    if (left_out.empty()) continue;
    text += fmt::format("{}{}: {} case{} not compared:", text.empty() ? "" : "\n\n", row.name, left_out.size(),
                        left_out.size() == 1 ? "" : "s");
    for (size_t i = 0; i < std::min(kLeftOutShown, left_out.size()); ++i)
      text += fmt::format("{} {} ({})", i ? ";" : "", left_out[i].name, left_out[i].reason);
    text += left_out.size() > kLeftOutShown ? "; and others" : "";
  }
  return text;
}

PageTable provenance_table(const std::vector<ComparedRow>& rows) {
  PageTable table{
      "Settings", {{"name", "detector", "perceptual", "device", "precision", "model SHA-256", "settings"}}, {}};
  for (const ComparedRow& row : rows) {
    const MadeBy by = made_by(row.cells.at(0)->about);
    std::vector<std::string> cells{row.name};
    for (const std::string& said : {by.detector, by.perceptual, by.device, by.precision, by.model_sha256, by.settings})
      cells.push_back(said.empty() ? "-" : said);
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace thor
