// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/diagnose.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/data/preprocess.h"
#include "thor/data/slice_orientation.h"
#include "thor/eval/map_set.h"
#include "thor/eval/restoration.h"
#include "thor/eval/truth.h"
#include "thor/image/image.h"

namespace thor {
namespace {

constexpr double kStartStepShift = 0.1;  // of the start step
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

/// Collects the values of one figure; those that are not defined do not count.
class Figure {
 public:
  void add(double value) {
    if (std::isfinite(value)) values_.push_back(value);
  }
  Sensitivity of(const std::string& what, bool low_is_worse) const {
    if (values_.empty()) return {what, kNothing, kNothing, 0};
    double sum = 0;
    for (const double value : values_) sum += value;
    const auto [low, high] = std::minmax_element(values_.begin(), values_.end());
    return {what, sum / static_cast<double>(values_.size()), low_is_worse ? *low : *high,
            static_cast<int64_t>(values_.size())};
  }

 private:
  std::vector<double> values_;
};

MapSet detect_with(const Model& model, const DiagnoseRequest& request, const std::vector<std::string>& sets,
                   const RunConfig& run) {
  DetectorChoice choice = choose_detector(model, request.detector, sets);
  const Pipeline pipeline(model, std::move(choice.detector), run);
  return need_maps(detect_set(pipeline, choice, request.rows, run));
}

/// The lesions of the rows by name, on their images as the network sees them turned, before anything is detected. A
/// mask that cannot be used is the row's failure.
std::map<std::string, Tensor> lesions_of(const Model& model, std::vector<SplitRow>& rows,
                                         std::vector<CaseFailure>& failed) {
  std::map<std::string, Tensor> lesions;
  std::vector<SplitRow> usable;
  for (const SplitRow& row : rows) try {
      if (!row.mask.empty()) {
        const Image image = read_image(row.image);
        const Image turned = reorient(image, slice_order(image, model.config.preprocess.steps));
        lesions[row.name] = read_truth(row, turned).mask[0];
      }
      usable.push_back(row);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Internal || error.kind() == ErrorKind::Usage) throw;
      failed.push_back({row.image, error.what()});
    }
  rows = std::move(usable);
  return lesions;
}

Figure correlations(const MapSet& a, const MapSet& b, Figure figure = {}) {
  for (int64_t i = 0; i < a.maps.size(0); ++i) figure.add(map_correlation(a.maps[i], b.maps[i]));
  return figure;
}

Sensitivity tissue_changed(const std::vector<MapSet>& sets, const std::map<std::string, Tensor>& lesions) {
  Figure figure;
  for (const MapSet& set : sets)
    for (size_t i = 0; i < set.names.size(); ++i) {
      const auto n = static_cast<int64_t>(i);
      const auto lesion = lesions.find(set.names[i]);
      const Tensor mask = lesion == lesions.end() ? at::zeros_like(set.images[n])
                                                  : mask_to_network_grid(lesion->second, set.maps.size(1));
      figure.add(changed_share(set.images[n], set.pseudo_healthy[n], mask));
    }
  return figure.of("healthy tissue changed, share", false);
}

Sensitivity map_agreement(const std::vector<MapSet>& sets) {
  Figure figure;
  for (size_t a = 0; a < sets.size(); ++a)
    for (size_t b = a + 1; b < sets.size(); ++b) figure = correlations(sets[a], sets[b], std::move(figure));
  return figure.of("map correlation between seeds", true);
}

/// Standard deviation over mean of an image's scores.
Sensitivity score_spread(const std::vector<MapSet>& sets) {
  Figure figure;
  for (size_t i = 0; i < sets[0].scores.size(); ++i) {
    double sum = 0, squares = 0;
    for (const MapSet& set : sets) sum += set.scores[i];
    const auto count = static_cast<double>(sets.size());
    for (const MapSet& set : sets) squares += std::pow(set.scores[i] - sum / count, 2);
    figure.add(std::sqrt(squares / (count - 1)) / (sum / count));
  }
  return figure.of("image score between seeds, sd / mean", false);
}

/// The maps from another start step beside those from the configured one; nothing where it does not fit the detector.
void compare_start_steps(const Model& model, const DiagnoseRequest& request, const MapSet& base, const RunConfig& run,
                         Diagnosis& diagnosis) {
  const nlohmann::json knobs = parse(setting_of(base).config);
  const auto start = knobs.find("start_step");
  if (start == knobs.end()) return;
  for (const double factor : {1 - kStartStepShift, 1 + kStartStepShift}) {
    const auto step = static_cast<int64_t>(std::lround(start->get<double>() * factor));
    if (step == start->get<int64_t>()) continue;
    std::vector<std::string> sets = request.sets;
    sets.push_back(fmt::format("detector.start_step={}", step));
    try {
      const MapSet other = detect_with(model, request, sets, run);
      if (other.names != base.names) fail_usage("it gives maps of other images, some are not finite");
      diagnosis.figures.push_back(
          correlations(base, other)
              .of(fmt::format("map correlation, start {} and {}", start->get<int64_t>(), step), true));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Usage) throw;
      info("start step {} is left out: {}", step, error.what());
    }
  }
}

}  // namespace

double map_correlation(const Tensor& a, const Tensor& b) {
  const Tensor x = a.flatten().to(at::kDouble), y = b.flatten().to(at::kDouble);
  const Tensor dx = x - x.mean(), dy = y - y.mean();
  const double norm = std::sqrt((dx * dx).sum().item<double>() * (dy * dy).sum().item<double>());
  return norm > 0 ? (dx * dy).sum().item<double>() / norm : kNothing;
}

Diagnosis diagnose(const Model& model, DiagnoseRequest request, const RunConfig& run) {
  const RunScope scope(run.context);
  if (request.seeds < 2) fail_usage("{} seeds cannot be compared, expected at least 2", request.seeds);
  Diagnosis diagnosis;
  const auto lesions = lesions_of(model, request.rows, diagnosis.failed);
  if (request.rows.empty()) fail_input("no image can be used; the first: {}", diagnosis.failed[0].message);
  std::vector<MapSet> sets;
  for (int64_t i = 0; i < request.seeds; ++i) {
    RunConfig with = run;
    with.seed = run.seed + static_cast<uint64_t>(i);
    sets.push_back(detect_with(model, request, request.sets, with));
    if (sets.back().names != sets[0].names)
      fail_input("seed {} gives maps of other images than seed {}: some are not finite, the model may be broken",
                 with.seed, run.seed);
  }
  diagnosis.images = sets[0].maps.size(0);
  diagnosis.seeds = request.seeds;
  diagnosis.failed.insert(diagnosis.failed.end(), sets[0].failed.begin(), sets[0].failed.end());
  diagnosis.figures = {tissue_changed(sets, lesions), map_agreement(sets), score_spread(sets)};
  compare_start_steps(model, request, sets[0], run, diagnosis);
  return diagnosis;
}

JsonText Diagnosis::to_json() const {
  nlohmann::json json = {{"images", images}, {"seeds", seeds}, {"figures", nlohmann::json::array()}};
  for (const Sensitivity& one : figures)
    json["figures"].push_back(
        {{"what", one.what}, {"mean", one.mean}, {"worst", one.worst}, {"compared", one.compared}});
  return json_text(json);
}

std::string Diagnosis::table() const {
  std::string text = fmt::format("{:<40}{:>8}{:>8}{:>10}\n", fmt::format("{} images, {} seeds", images, seeds), "mean",
                                 "worst", "compared");
  for (const Sensitivity& one : figures)
    text += fmt::format("{:<40}{:>8.3f}{:>8.3f}{:>10}\n", one.what, one.mean, one.worst, one.compared);
  return text;
}

}  // namespace thor
