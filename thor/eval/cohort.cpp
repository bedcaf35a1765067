// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/cohort.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/data/summary.h"
#include "thor/eval/kolmogorov.h"
#include "thor/eval/map_set.h"
#include "thor/image/register/registration.h"
#include "thor/pipeline/calibration.h"
#include "thor/pipeline/detector_choice.h"
#include "thor/pipeline/scan_check.h"
#include "thor/pipeline/scan_slices.h"

namespace thor {
namespace {

constexpr double kFarQuantile = 0.1;  // of the unit range
constexpr double kFarShare = 0.1;     // of all pixels
constexpr double kMixedAspect = 1.1;  // longest over shortest
constexpr double kMixedSpacing = 1.01;

/// What is looked at of every image.
struct Looks {
  std::vector<NetworkSlice> slices;
  int64_t images = 0, volumes = 0;
  std::vector<double> aspects, similarities;
  std::array<std::vector<double>, 3> spacings;  // along x, y; z of volumes
  std::map<std::string, int64_t> sizes, kinds, orientations;
  bool square_pixels = true;  // of the scans with a single slice, which no step makes square
};

/// "NIfTI-1", "8 bit".
std::string kind_of(const Image& image) {
  if (!image.medical) return image.full_scale == 255 ? "8 bit" : image.full_scale == 65535 ? "16 bit" : "float";
  return image.encoding.empty() ? "scan" : image.encoding.substr(0, image.encoding.find(','));
}

void look_at_image(const CaseInput& input, const Model& model, Looks& looks) {
  Image image = read_scan(input.path, input.choice);
  const int64_t depth = image.voxels.size(0), height = image.voxels.size(1), width = image.voxels.size(2);
  const Geometry geometry = image.geometry;
  const std::string kind = kind_of(image);
  const bool medical = image.medical;
  ScanSlices found = slices_of_scan(input, model, std::move(image));
  looks.slices.insert(looks.slices.end(), found.slices.begin(), found.slices.end());
  ++looks.images;
  looks.volumes += depth > 1 ? 1 : 0;
  ++looks.sizes[depth > 1 ? fmt::format("{} x {} x {}", width, height, depth) : fmt::format("{} x {}", width, height)];
  ++looks.kinds[kind];
  if (depth == 1) looks.aspects.push_back(static_cast<double>(width) / static_cast<double>(height));
  if (const auto similarity = check_registration(found.record).similarity) looks.similarities.push_back(*similarity);
  if (!medical) return;
  const Point3 spacing = spacing_mm(geometry.ras_from_voxel);
  for (size_t axis = 0; axis < (depth > 1 ? 3u : 2u); ++axis) looks.spacings[axis].push_back(spacing[axis]);
  if (depth > 1)
    ++looks.orientations[orientation_of(geometry.ras_from_voxel)];
  else if (std::max(spacing[0], spacing[1]) > kMixedSpacing * std::min(spacing[0], spacing[1]))
    looks.square_pixels = false;
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

/// "0.94 mm", or "0.94 x 0.94 x 1.00 to 1.20 mm": the range along every axis.
std::string spacing_text(const Looks& looks) {
  std::vector<std::string> axes;
  for (const auto& along : looks.spacings)
    if (!along.empty()) axes.push_back(range_text(along, ""));
  const bool alike = std::all_of(axes.begin(), axes.end(), [&](const std::string& one) { return one == axes[0]; });
  return alike ? axes[0] + " mm" : fmt::format("{} mm", fmt::join(axes, " x "));
}

/// True where a step of the model brings every volume to one grid, whatever grid it came on.
bool brings_to_one_grid(const Model& model) {
  const auto& steps = model.config.preprocess.steps;
  return std::any_of(steps.begin(), steps.end(),
                     [](const YamlText& step) { return step.text.find("resample") != std::string::npos; });
}

/// What differs between the images of the list.
void compare_native(const Looks& looks, const Model& model, CohortReport& report) {
  const auto add = [&](const char* name, const std::string& here, bool mixed, const char* advice) {
    report.facts.push_back(fact_of(name, "-", here, mixed, advice));
  };
  if (looks.volumes > 0)
    add("volumes", fmt::format("{} of {} images", looks.volumes, looks.images), looks.volumes < looks.images,
        "pictures and volumes in one list: only volumes go through the model's steps, so what the network sees may "
        "differ; look at each kind by itself");
  add("native size", counts_text(looks.sizes), false, "");
  if (!looks.aspects.empty())
    add("width / height", range_text(looks.aspects, ""), spread_of(looks.aspects) > kMixedAspect,
        "images of several shapes are padded to squares differently, so anatomy changes place and scale: crop them "
        "alike");
  const auto differs = [](const auto& along) { return !along.empty() && spread_of(along) > kMixedSpacing; };
  const bool mixed = !looks.square_pixels || std::any_of(looks.spacings.begin(), looks.spacings.end(), differs);
  const bool resampled = looks.volumes == looks.images && brings_to_one_grid(model);
  if (!looks.spacings[0].empty())
    add("spacing", spacing_text(looks), mixed && !resampled,
        "pixels of several sizes show anatomy at several scales: resample to one spacing");
  if (!looks.orientations.empty()) add("orientation", counts_text(looks.orientations), false, "");
  if (!looks.similarities.empty())
    add("similarity to the template", range_text(looks.similarities, " nats"),
        *std::min_element(looks.similarities.begin(), looks.similarities.end()) < kDoubtfulSimilarity,
        "some are probably not registered, see the warnings: the network would see slices of another place; check "
        "orientation, spacing and contrast");
  add(looks.volumes > 0 ? "format" : "bit depth", counts_text(looks.kinds),
      looks.kinds.size() > 1 && looks.volumes == 0,
      "mixed files, perhaps of several exports: with preprocess.intensity full_range their white differs");
}

std::vector<NetworkSlice> spread_evenly(const std::vector<NetworkSlice>& slices, int64_t count) {
  std::vector<NetworkSlice> chosen;
  const auto all = static_cast<int64_t>(slices.size());
  for (int64_t i = 0; i < std::min(all, count); ++i)
    chosen.push_back(slices[static_cast<size_t>(i * all / std::min(all, count))]);
  return chosen;
}

/// The calibration of what `thor detect` uses by itself, else the one written last.
const Calibration& calibration_to_use(const Model& model, const std::vector<Calibration>& calibrations) {
  const DetectorChoice usual = choose_detector(model, "", {});
  for (auto one = calibrations.rbegin(); one != calibrations.rend(); ++one)
    if (one->setting.detector == usual.name && one->setting.config == usual.config) return *one;
  return calibrations.back();
}

void compare_scores(const Model& model, const std::vector<NetworkSlice>& slices, const RunConfig& run,
                    CohortReport& report) {
  const auto calibrations = calibrations_of(model);
  if (calibrations.empty() || slices.empty()) return;
  const Calibration& calibration = calibration_to_use(model, calibrations);
  const std::string healthy = fmt::format("{} healthy", calibration.scores.size());
  const auto not_compared = [&](const std::string& why) {
    report.facts.push_back({"image scores", healthy, "not compared", "unknown", why});
  };
  std::optional<CalibratedDetector> made;
  try {
    made = detector_of(model, calibration.setting);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Input) throw;
    return not_compared(error.what());
  }
  const Pipeline pipeline(made->model, std::move(made->choice.detector), run);
  if (pipeline.perceptual() != calibration.setting.perceptual)
    return not_compared("calibrated with the perceptual distance " + calibration.setting.perceptual +
                        ", whose weights are not here: import them, or calibrate again");
  const MapSet set = need_maps(detect_opened(pipeline, made->choice, slices, run));
  const double distance = ks_statistic(calibration.scores, set.scores);
  const double critical = ks_critical(calibration.scores.size(), set.scores.size());
  report.facts.push_back(
      fact_of("image scores", healthy,
              fmt::format("{} images, KS {:.2f} (5 % limit {:.2f})", set.scores.size(), distance, critical),
              distance > critical,
              "not the scores of the healthy scans: these images hold lesions, or come from elsewhere; check the "
              "calibration on healthy scans of this source"));
}

/// Opens every image; a bad one is recorded and the rest goes on.
void look_at_all(const std::vector<CaseInput>& inputs, const Model& model, Looks& looks, CohortReport& report) {
  Progress progress("looking", static_cast<int64_t>(inputs.size()));
  for (const CaseInput& input : inputs) {
    throw_if_interrupted();
    try {
      look_at_image(input, model, looks);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Internal || error.kind() == ErrorKind::Usage) throw;
      report.failed.push_back({input.path, error.what()});
    }
    progress.advance();
  }
}

}  // namespace

CohortReport compare_cohort(const Model& model, const std::vector<CaseInput>& inputs, int64_t score_images,
                            const RunConfig& run) {
  const RunScope scope(run.context);
  CohortReport report;
  Looks looks;
  look_at_all(inputs, model, looks, report);
  if (looks.images == 0)
    fail_input("none of the {} images can be used; the first: {}", inputs.size(), report.failed.at(0).message);
  report.images = looks.images;
  const auto trained = trained_on(model);
  const auto slices = static_cast<int64_t>(looks.slices.size());
  report.facts.push_back(fact_of("images", trained ? fmt::format("{}", trained->images) : "unknown",
                                 fmt::format("{} of {} usable{}", looks.images, inputs.size(),
                                             slices > looks.images ? fmt::format(", {} slices", slices) : ""),
                                 !report.failed.empty(), "some cannot be used, see the warnings"));
  std::vector<Tensor> units;
  for (const NetworkSlice& slice : looks.slices) units.push_back(slice.unit);
  compare_intensities(trained, summarize(at::stack(units)), report);
  compare_native(looks, model, report);
  compare_scores(model, spread_evenly(looks.slices, score_images), run, report);
  return report;
}

}  // namespace thor
