// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/calibrate.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/eval/bootstrap.h"
#include "thor/image/image.h"

namespace thor {
namespace {

constexpr double kSmallP = 0.05;

bool marks_anything(const std::string& mask) {
  return !mask.empty() && read_image(mask).voxels.ne(0).any().item<bool>();
}

/// How many of `count` values may exceed a threshold so that their share is at most `rate`, rounding errors or not.
int64_t allowed_above(int64_t count, double rate) {
  const auto share = [&](int64_t above) { return static_cast<double>(above) / static_cast<double>(count); };
  int64_t above = static_cast<int64_t>(std::floor(rate * static_cast<double>(count)));
  while (above + 1 < count && share(above + 1) <= rate) ++above;
  while (above > 0 && share(above) > rate) --above;
  return above;
}

/// Mean and interval over independent scans.
RealizedRate mean_over_scans(double requested, const Tensor& shares) {  // [N]
  const Tensor values = shares.to(at::kDouble).contiguous();
  const double* first = values.data_ptr<double>();
  const Interval mean = bootstrap_mean({first, first + values.numel()}, EvaluationConfig());
  return {requested, mean.mean, mean.low, mean.high};
}

/// Wilson's 95 % interval of a share: never empty, not even for 0 of n.
RealizedRate share_of(double requested, int64_t hits, int64_t count) {
  constexpr double z = 1.959964;
  const double n = static_cast<double>(count), p = static_cast<double>(hits) / n;
  const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {requested, p, std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

nlohmann::json rate_json(const RealizedRate& rate) {
  return {{"requested", rate.requested},
          {"realized", rate.realized},
          {"low", rate.low},
          {"high", rate.high},
          {"holds", rate.holds()}};
}

}  // namespace

std::vector<double> calibration_rates(double asked) {
  if (!(asked > 0 && asked < 1))
    fail_usage("the false-positive rate is {}, expected a share between 0 and 1, e.g. 0.05", asked);
  std::set<double> rates{0.01, 0.02, 0.05, asked};
  return {rates.begin(), rates.end()};
}

std::vector<SplitRow> read_healthy(const std::string& csv) {
  auto rows = read_split(csv);
  std::vector<std::string> sick;
  for (const SplitRow& row : rows)
    if (with_context("reading the masks of '" + csv + "'", [&] { return marks_anything(row.mask); }))
      sick.push_back(row.name);
  if (!sick.empty())
    fail_input("{} of the {} scans of '{}' have a lesion in their mask, e.g. '{}'; list healthy scans only",
               sick.size(), rows.size(), csv, sick[0]);
  return rows;
}

double threshold_at(const Tensor& values, double rate) {
  const Tensor copy = values.flatten().to(at::kFloat).clone();
  if (copy.numel() == 0) fail(ErrorKind::Internal, "a threshold of no values");
  float *first = copy.data_ptr<float>(), *last = first + copy.numel();
  if (!std::all_of(first, last, [](float v) { return std::isfinite(v); }))
    fail_input("the maps of the healthy scans have values that are not finite numbers");
  float* place = last - 1 - allowed_above(copy.numel(), rate);
  std::nth_element(first, place, last);
  return *place;
}

Calibration calibrate(const MapSet& healthy, const std::vector<double>& rates) {
  Calibration calibration;
  const nlohmann::json& about = healthy.about;
  calibration.setting = {about.at("detector").at("name").get<std::string>(), about.at("detector").at("config"),
                         about.at("perceptual").get<std::string>()};
  for (const double rate : rates) calibration.thresholds[rate] = threshold_at(healthy.maps, rate);
  calibration.scores = healthy.scores;
  std::sort(calibration.scores.begin(), calibration.scores.end());
  calibration.pixels = healthy.maps.numel();
  const Tensor images = healthy.images.contiguous();
  calibration.data_sha256 = Sha256().update(images.data_ptr(), static_cast<uint64_t>(images.nbytes())).hex();
  return calibration;
}

std::vector<NamedThreshold> calibrated_thresholds(const std::map<double, double>& by_rate) {
  std::vector<NamedThreshold> named;
  for (const auto& [rate, value] : by_rate) named.push_back({fmt::format("calibrated {:g} %", 100 * rate), value});
  return named;
}

CalibrationCheck check_calibration(const Calibration& calibration, const MapSet& fresh) {
  CalibrationCheck check;
  check.cases = static_cast<int64_t>(fresh.scores.size());
  for (const auto& [rate, threshold] : calibration.thresholds)
    check.pixels.push_back(mean_over_scans(rate, fresh.maps.gt(threshold).to(at::kDouble).mean({1, 2})));
  const auto small = std::count_if(fresh.scores.begin(), fresh.scores.end(),
                                   [&](double score) { return calibration.p_value(score) <= kSmallP; });
  check.p_values = share_of(kSmallP, small, check.cases);
  return check;
}

nlohmann::json CalibrationCheck::to_json() const {
  nlohmann::json json = {{"cases", cases}, {"pixels", nlohmann::json::array()}, {"p_values", rate_json(p_values)}};
  for (const RealizedRate& rate : pixels) json["pixels"].push_back(rate_json(rate));
  return json;
}

std::string CalibrationCheck::table() const {
  std::string text = fmt::format("{:<34}{:>10}{:>10}  {:<20}\n", fmt::format("on {} fresh healthy scans", cases),
                                 "requested", "realized", "95 % interval");
  const auto row = [&](const char* what, const RealizedRate& rate) {
    text += fmt::format("{:<34}{:>10.4g}{:>10.4f}  {:.4f} to {:.4f}   {}\n", what, rate.requested, rate.realized,
                        rate.low, rate.high, rate.holds() ? "holds" : "differs");
  };
  for (const RealizedRate& rate : pixels) row("pixels above the threshold", rate);
  row("scans with p <= 0.05", p_values);
  return text;
}

std::string calibration_table(const Calibration& calibration) {
  const size_t cases = calibration.scores.size();
  const CalibrationSetting& setting = calibration.setting;
  std::string text = fmt::format("{}, perceptual {}: {} healthy scans, {} pixels\n{}\n", setting.detector,
                                 setting.perceptual, cases, calibration.pixels, setting.config.dump());
  text += fmt::format("{:<8}{:>15}   {}\n", "rate", "map threshold", "score threshold");
  for (const auto& [rate, threshold] : calibration.thresholds) {
    const auto score = calibration.score_threshold(rate);
    text += fmt::format("{:<8}{:>15.6g}   {}\n", rate, threshold,
                        score ? fmt::format("{:.6g}", *score)
                              : fmt::format("none: needs {:.0f} scans", std::ceil(1 / rate - 1e-9) - 1));
  }
  return text;
}

}  // namespace thor
