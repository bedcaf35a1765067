// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/eval/localization.h"

namespace thor {
namespace {

std::string as_percent(const Interval& share) {
  return fmt::format("{:.2f} [{:.2f}, {:.2f}]", 100 * share.mean, 100 * share.low, 100 * share.high);
}

nlohmann::json as_json(const Interval& share) {
  return {{"mean", share.mean}, {"interval_95", {share.low, share.high}}};
}

nlohmann::json as_json(const std::vector<BoxRemark>& remarks) {
  nlohmann::json list = nlohmann::json::array();
  for (const BoxRemark& remark : remarks) list.push_back({{"name", remark.name}, {"text", remark.text}});
  return list;
}

std::string described_row(const std::string& label, const std::string& images, const std::string& recall,
                          const std::string& precision, const std::string& f1) {
  return fmt::format("{:<16} {:>6}  {:>24}  {:>24}  {:>24}\n", label, images, recall, precision, f1);
}

const char* grid_of(const Localization& result) { return result.native ? "each image's own" : "the network's"; }

std::string protocol(const Localization& result) {
  return fmt::format(
      "an image is found if more than {:g} % of the pixels in its boxes are above {:.4g}, as are {:.2f} % (at most "
      "{:g} "
      "%) of\nthe pixels of {} healthy maps; false positives: the map's sum outside all boxes over that inside, at "
      "most "
      "{};\nprecision and F1 per image, then the mean over images [bootstrap 95 % interval], on {} grid\n",
      100 * kFoundShare, result.threshold, 100 * result.realized, 100 * result.rate, result.healthy_maps,
      kMaxFalsePositives, grid_of(result));
}

}  // namespace

JsonText Localization::to_json() const {
  nlohmann::json result = {{"protocol", protocol(*this)},
                           {"grid", native ? "native" : "network"},
                           {"threshold", threshold},
                           {"false_positive_rate", {{"requested", rate}, {"realized", realized}}},
                           {"healthy_maps", healthy_maps},
                           {"without_boxes", without_boxes},
                           {"groups", nlohmann::json::array()},
                           {"images", nlohmann::json::array()},
                           {"left_out", as_json(left_out)},
                           {"notes", as_json(notes)}};
  for (const LocalizationGroup& group : groups)
    result["groups"].push_back({{"label", group.label},
                                {"images", group.images},
                                {"recall", as_json(group.recall)},
                                {"precision", as_json(group.precision)},
                                {"f1", as_json(group.f1)}});
  for (const LocalizedImage& one : images)
    result["images"].push_back({{"name", one.name},
                                {"label", one.label},
                                {"share_above", one.score.share},
                                {"found", one.score.found},
                                {"false_positives", one.score.false_positives},
                                {"precision", one.score.precision},
                                {"f1", one.score.f1}});
  return json_text(result);
}

std::string Localization::table() const {
  std::string text = described_row("pathology", "images", "recall %", "precision %", "F1 %");
  for (const LocalizationGroup& group : groups)
    text += described_row(group.label, std::to_string(group.images), as_percent(group.recall),
                          as_percent(group.precision), as_percent(group.f1));
  text += protocol(*this);
  if (without_boxes > 0) text += fmt::format("{} images without a box are not asked about\n", without_boxes);
  if (!left_out.empty()) text += fmt::format("{} images are left out, see above\n", left_out.size());
  return text;
}

}  // namespace thor
