// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/cohort.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/data/summary.h"
#include "thor/eval/kolmogorov.h"
#include "thor/eval/map_set.h"
#include "thor/pipeline/calibration.h"

namespace thor {
namespace {

constexpr double kFarQuantile = 0.1;  // of the unit range
constexpr double kFarShare = 0.1;     // of all pixels
constexpr double kMixedAspect = 1.1;  // longest over shortest
constexpr double kMixedSpacing = 1.01;

/// What is looked at of every image.
struct Looks {
  std::vector<Tensor> units;  // [S,S] each
  std::vector<double> aspects, spacings;
  std::map<std::string, int64_t> sizes, depths;
};

void look_at_image(const Image& image, const PreprocessConfig& config, Looks& looks) {
  looks.units.push_back(preprocess(config, image).unit);
  const int64_t height = image.voxels.size(1), width = image.voxels.size(2);
  ++looks.sizes[fmt::format("{} x {}", width, height)];
  looks.aspects.push_back(static_cast<double>(width) / static_cast<double>(height));
  ++looks.depths[image.full_scale == 255     ? "8 bit"
                 : image.full_scale == 65535 ? "16 bit"
                 : image.medical             ? "NIfTI"
                                             : "float"];
  if (image.medical)
    for (const size_t axis : {0, 1}) looks.spacings.push_back(spacing_mm(image.geometry.ras_from_voxel)[axis]);
}

std::string range_text(const std::vector<double>& values, const char* unit) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *high - *low < 0.005 ? fmt::format("{:.2f}{}", *low, unit)
                              : fmt::format("{:.2f} to {:.2f}{}", *low, *high, unit);
}

double spread_of(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *high / *low;
}

/// "62 of 8 bit, 3 of 16 bit"; the most frequent first.
std::string counts_text(const std::map<std::string, int64_t>& counts) {
  constexpr size_t kShown = 3;
  if (counts.size() == 1) return counts.begin()->first;
  std::vector<std::pair<int64_t, std::string>> sorted;
  for (const auto& [what, count] : counts) sorted.emplace_back(-count, what);
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::string> parts;
  for (size_t i = 0; i < std::min(kShown, sorted.size()); ++i)
    parts.push_back(fmt::format("{} of {}", -sorted[i].first, sorted[i].second));
  if (sorted.size() > kShown) parts.push_back(fmt::format("{} more kinds", sorted.size() - kShown));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string numbers_text(const std::vector<double>& values) { return fmt::format("{:.2f}", fmt::join(values, " ")); }

std::optional<DataSummary> trained_on(const Model& model) {
  const auto data = model.training.find("data");
  if (data == model.training.end()) return std::nullopt;
  return parse_summary(*data);
}

CohortFact fact_of(const std::string& name, const std::string& trained, const std::string& here, bool differs,
                   const std::string& advice) {
  return {name, trained, here, differs ? "differs" : "ok", differs ? advice : ""};
}

/// What lies in the images themselves, as the network would see them.
void compare_intensities(const std::optional<DataSummary>& trained, const DataSummary& here, CohortReport& report) {
  const auto add = [&](const char* name, const std::string& before, const std::string& now, bool far,
                       const char* advice) {
    report.facts.push_back(trained ? fact_of(name, before, now, far, advice)
                                   : CohortFact{name, "unknown", now, "unknown", ""});
  };
  const DataSummary before = trained.value_or(here);
  double farthest = 0;
  for (size_t i = 0; i < here.foreground_quantiles.size(); ++i)
    farthest = std::max(farthest, std::abs(here.foreground_quantiles[i] - before.foreground_quantiles[i]));
  add("foreground 5-25-50-75-95 %", numbers_text(before.foreground_quantiles), numbers_text(here.foreground_quantiles),
      farthest > kFarQuantile,
      "other brightness or contrast, which maps mistake for anomalies: compare sequence, window and bit depth, see "
      "preprocess.intensity");
  add("foreground share", fmt::format("{:.2f}", before.foreground_share), fmt::format("{:.2f}", here.foreground_share),
      std::abs(here.foreground_share - before.foreground_share) > kFarShare,
      "other field of view, cropping or skull-stripping: bring the images to the same frame as the training images");
  const bool outside = here.image_means[1] < before.image_means[0] || here.image_means[1] > before.image_means[2];
  add("image means 5-50-95 %", numbers_text(before.image_means), numbers_text(here.image_means), outside,
      "most images are brighter or darker than nearly all training images: check how they were exported");
}

/// What differs between the images of the list.
void compare_native(const Looks& looks, CohortReport& report) {
  const auto add = [&](const char* name, const std::string& here, bool mixed, const char* advice) {
    report.facts.push_back(fact_of(name, "-", here, mixed, advice));
  };
  add("native size", counts_text(looks.sizes), false, "");
  add("width / height", range_text(looks.aspects, ""), spread_of(looks.aspects) > kMixedAspect,
      "images of several shapes are padded to squares differently, so anatomy changes place and scale: crop them "
      "alike");
  if (!looks.spacings.empty())
    add("spacing", range_text(looks.spacings, " mm"), spread_of(looks.spacings) > kMixedSpacing,
        "pixels of several sizes show anatomy at several scales: resample to one spacing");
  add("bit depth", counts_text(looks.depths), looks.depths.size() > 1,
      "mixed files, perhaps of several exports: with preprocess.intensity full_range their white differs");
}

std::vector<SplitRow> spread_evenly(const std::vector<SplitRow>& rows, int64_t count) {
  std::vector<SplitRow> chosen;
  const auto all = static_cast<int64_t>(rows.size());
  for (int64_t i = 0; i < std::min(all, count); ++i)
    chosen.push_back(rows[static_cast<size_t>(i * all / std::min(all, count))]);
  return chosen;
}

/// The pipeline a calibration was made with.
Pipeline pipeline_of(const Model& model, const Calibration& calibration, const RunConfig& run) {
  auto detector = make_detector(calibration.setting.detector, model.config.noise.kind);
  Fields fields;
  fields.group("detector", *detector);
  with_context("reading the detector settings of the calibration", [&] {
    fields.read(nlohmann::json{{"detector", calibration.setting.config}}.dump());
  });
  return Pipeline(model, std::move(detector), run);
}

void compare_scores(const Model& model, const std::vector<SplitRow>& rows, const RunConfig& run, CohortReport& report) {
  const auto calibrations = calibrations_of(model);
  if (calibrations.empty() || rows.empty()) return;
  const Calibration& calibration = calibrations.back();
  const Pipeline pipeline = pipeline_of(model, calibration, run);
  const std::string healthy = fmt::format("{} healthy", calibration.scores.size());
  if (pipeline.perceptual() != calibration.setting.perceptual) {
    report.facts.push_back({"image scores", healthy, "not compared", "unknown",
                            "calibrated with the perceptual distance " + calibration.setting.perceptual +
                                ", whose weights are not here: import them, or calibrate again"});
    return;
  }
  const MapSet set =
      need_maps(detect_set(pipeline, calibration.setting.detector, calibration.setting.config, rows, run));
  const double distance = ks_statistic(calibration.scores, set.scores);
  const double critical = ks_critical(calibration.scores.size(), set.scores.size());
  report.facts.push_back(
      fact_of("image scores", healthy,
              fmt::format("{} images, KS {:.2f} (5 % limit {:.2f})", set.scores.size(), distance, critical),
              distance > critical,
              "not the scores of the healthy scans: these images hold lesions, or come from elsewhere; check on "
              "healthy scans of "
              "this source with 'thor calibrate --check'"));
}

}  // namespace

CohortReport compare_cohort(const Model& model, const std::vector<SplitRow>& rows, int64_t score_images,
                            const RunConfig& run) {
  CohortReport report;
  Looks looks;
  std::vector<SplitRow> usable;
  Progress progress("looking", static_cast<int64_t>(rows.size()));
  for (const SplitRow& row : rows) {
    throw_if_interrupted();
    try {
      look_at_image(read_image(row.image), model.config.preprocess, looks);
      usable.push_back(row);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Internal || error.kind() == ErrorKind::Usage) throw;
      report.failed.push_back({row.image, error.what()});
    }
    progress.advance();
  }
  if (usable.empty())
    fail_input("none of the {} images can be used; the first: {}", rows.size(), report.failed.at(0).message);
  report.images = static_cast<int64_t>(usable.size());
  const auto trained = trained_on(model);
  report.facts.push_back(fact_of("images", trained ? fmt::format("{}", trained->images) : "unknown",
                                 fmt::format("{} of {} usable", usable.size(), rows.size()), !report.failed.empty(),
                                 "some cannot be used, see the warnings"));
  compare_intensities(trained, summarize(at::stack(looks.units)), report);
  compare_native(looks, report);
  compare_scores(model, spread_evenly(usable, score_images), run, report);
  return report;
}

}  // namespace thor
