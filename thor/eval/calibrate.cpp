// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/calibrate.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/eval/bootstrap.h"
#include "thor/eval/false_lesions.h"

namespace thor {
namespace {

constexpr double kSmallP = 0.05;

/// How many of `count` values may exceed a threshold so that their share is at most `rate`, rounding errors or not.
int64_t allowed_above(int64_t count, double rate) {
  const auto share = [&](int64_t above) { return static_cast<double>(above) / static_cast<double>(count); };
  int64_t above = static_cast<int64_t>(std::floor(rate * static_cast<double>(count)));
  while (above + 1 < count && share(above + 1) <= rate) ++above;
  while (above > 0 && share(above) > rate) --above;
  return above;
}

/// Mean over the slices, and its interval over the scans, which alone are independent.
RealizedRate mean_over_scans(double requested, const Tensor& shares, const SlicesOfScans& scans) {  // [N]
  const Tensor values = shares.to(at::kDouble).contiguous();
  const double* share = values.data_ptr<double>();
  const auto mean_of = [&](const std::vector<size_t>& drawn) {
    double sum = 0, slices = 0;
    for (const size_t scan : drawn)
      for (const size_t slice : scans[scan]) {
        sum += share[slice];
        ++slices;
      }
    return sum / slices;
  };
  const Interval mean = bootstrap(scans.size(), mean_of, EvaluationConfig());
  if (scans.size() == 1) return {requested, mean.mean, NAN, NAN};
  return {requested, mean.mean, mean.low, mean.high};
}

/// Volumes with p <= 0.05, as `detect` states it.
RealizedRate small_volumes(const Calibration& calibration, const MapSet& fresh, const SlicesOfScans& scans) {
  int64_t small = 0;
  for (const auto& slices : scans)
    small += calibration.p_value_of_scan(largest_score(fresh, slices), static_cast<int64_t>(slices.size())) <= kSmallP;
  const double count = static_cast<double>(scans.size());
  RealizedRate rate = share_of(kSmallP, static_cast<double>(small) / count, count);
  rate.bound = true;
  return rate;
}

nlohmann::json rate_json(const RealizedRate& rate) {
  const bool known = !std::isnan(rate.low);
  return {{"requested", rate.requested},
          {"realized", rate.realized},
          {"low", known ? nlohmann::json(rate.low) : nlohmann::json()},
          {"high", known ? nlohmann::json(rate.high) : nlohmann::json()},
          {"holds", known ? nlohmann::json(rate.holds()) : nlohmann::json()}};
}

/// "24 fresh healthy scans", or "24 fresh healthy slices of 8 scans".
std::string counted(const char* kind, size_t slices, int64_t scans) {
  return static_cast<int64_t>(slices) == scans || scans == 0
             ? fmt::format("{} {} scans", slices, kind)
             : fmt::format("{} {} slices of {} scans", slices, kind, scans);
}

/// Of each slice, the share of the region with a map above a threshold; float64 [N].
Tensor shares_above(const MapSet& set, double threshold) {
  const Tensor above = set.maps.gt(threshold).to(at::kDouble);
  if (!set.region.defined()) return above.mean({1, 2});
  const Tensor inside = set.region.to(at::kDouble);
  return (above * inside).sum({1, 2}) / inside.sum({1, 2}).clamp_min(1);
}

/// Values of the maps in the regions that they are about.
Tensor counted_values(const MapSet& set) {
  return set.region.defined() ? set.maps.masked_select(set.region) : set.maps.flatten();
}

/// The share of a scan above a threshold.
double share_of_scan(const MapSet& set, const std::vector<size_t>& slices, double threshold) {
  return counted_values(set, slices).gt(threshold).to(at::kDouble).mean().item<double>();
}

}  // namespace

std::vector<CaseInput> healthy_cases(const std::string& list) {
  std::error_code ec;
  return std::filesystem::is_directory(list, ec) ? list_cases({list}) : cases_of_rows(read_healthy(list));
}

SlicesOfScans by_scan(const MapSet& set) {
  std::map<std::string, size_t> places;
  SlicesOfScans scans;
  for (size_t i = 0; i < set.names.size(); ++i) {
    const auto [place, fresh] = places.emplace(set.names[i], scans.size());
    if (fresh) scans.emplace_back();
    scans[place->second].push_back(i);
  }
  return scans;
}

Tensor counted_values(const MapSet& set, const std::vector<size_t>& slices) {
  std::vector<Tensor> values;
  for (const size_t i : slices) {
    const Tensor map = set.maps[static_cast<int64_t>(i)];
    values.push_back(set.region.defined() ? map.masked_select(set.region[static_cast<int64_t>(i)]) : map.flatten());
  }
  return at::cat(values);
}

double largest_score(const MapSet& set, const std::vector<size_t>& slices) {
  double largest = set.scores[slices[0]];
  for (const size_t slice : slices) largest = std::max(largest, set.scores[slice]);
  return largest;
}

ScanLooks looks_of_scan(const MapSet& set, const std::vector<size_t>& slices) {
  std::vector<ScanLooks> looks;
  for (const size_t slice : slices)
    if (slice < set.looks.size()) looks.push_back(set.looks[slice]);
  return mean_of(looks);
}

std::vector<double> calibration_rates(double asked) {
  if (!(asked > 0 && asked < 1))
    fail_usage("the false-positive rate is {}, expected a share between 0 and 1, e.g. 0.05", asked);
  std::set<double> rates{0.0005, 0.001, 0.002, kDefaultFpr, 0.005, 0.01, 0.02, 0.05, asked};
  return {rates.begin(), rates.end()};
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

RealizedRate share_of(double requested, double p, double n) {
  constexpr double z = 1.959964;
  const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {requested, p, p > 0 ? std::max(0.0, middle - half) : 0, p < 1 ? std::min(1.0, middle + half) : 1};
}

Calibration calibrate(const MapSet& healthy, const std::vector<double>& rates,
                      const std::vector<double>& false_lesions) {
  Calibration calibration;
  calibration.setting = setting_of(healthy);
  const Tensor values = counted_values(healthy);
  for (const double rate : rates) calibration.thresholds[rate] = threshold_at(values, rate);
  calibration.scores = healthy.scores;
  std::sort(calibration.scores.begin(), calibration.scores.end());
  const SlicesOfScans scans = by_scan(healthy);
  calibration.scans = static_cast<int64_t>(scans.size());
  if (calibration.several_slices_a_scan()) {
    for (const auto& slices : scans) calibration.scan_scores.push_back(largest_score(healthy, slices));
    std::sort(calibration.scan_scores.begin(), calibration.scan_scores.end());
  }
  for (const double most : false_lesions)
    if (const auto threshold = false_lesion_threshold(healthy, most)) calibration.lesion_thresholds[most] = *threshold;
  for (const auto& slices : scans)
    if (const ScanLooks looks = looks_of_scan(healthy, slices); looks.known()) calibration.looks.push_back(looks);
  calibration.pixels = values.numel();
  const Tensor images = healthy.images.contiguous();
  calibration.data_sha256 = Sha256().update(images.data_ptr(), static_cast<uint64_t>(images.nbytes())).hex();
  return calibration;
}

Calibration calibrate_site(const MapSet& healthy, const std::vector<double>& rates,
                           const std::vector<double>& false_lesions) {
  Calibration calibration = calibrate(healthy, rates, false_lesions);
  if (calibration.scans < kLeastSiteScans)
    fail_input(
        "{} healthy scans can be used; a calibration for a scanner needs at least {}, because with n scans the bound "
        "on "
        "false alarms is 1 in n + 1",
        calibration.scans, kLeastSiteScans);
  calibration.site = true;
  for (auto& [rate, threshold] : calibration.thresholds) {
    threshold = 0;
    for (const auto& slices : by_scan(healthy))
      threshold = std::max(threshold, threshold_at(counted_values(healthy, slices), rate));
  }
  return calibration;
}

std::vector<NamedThreshold> calibrated_thresholds(const std::map<double, double>& by_rate) {
  std::vector<NamedThreshold> named;
  for (const auto& [rate, value] : by_rate) named.push_back({fmt::format("calibrated {:g} %", 100 * rate), value});
  return named;
}

CalibrationCheck check_calibration(const Calibration& calibration, const MapSet& fresh) {
  const SlicesOfScans scans = by_scan(fresh);
  CalibrationCheck check;
  check.cases = static_cast<int64_t>(fresh.scores.size());
  check.scans = static_cast<int64_t>(scans.size());
  for (const auto& [rate, threshold] : calibration.thresholds)
    check.pixels.push_back(mean_over_scans(rate, shares_above(fresh, threshold), scans));
  for (const auto& [rate, threshold] : calibration.thresholds) {
    if (!calibration.site) break;
    const auto above = std::count_if(scans.begin(), scans.end(), [&, share = rate, at = threshold](const auto& slices) {
      return share_of_scan(fresh, slices, at) > share;
    });
    RealizedRate exceeded =
        share_of(1 / static_cast<double>(calibration.scans + 1),
                 static_cast<double>(above) / static_cast<double>(scans.size()), static_cast<double>(scans.size()));
    exceeded.bound = true;
    check.exceeded.push_back(exceeded);
  }
  for (const auto& [most, threshold] : calibration.lesion_thresholds) {
    Tensor counts = at::zeros({static_cast<int64_t>(scans.size())}, at::kDouble);
    SlicesOfScans each;
    for (size_t i = 0; i < scans.size(); ++i) {
      counts[static_cast<int64_t>(i)] = counted_lesions(lesions_above(fresh, scans[i], threshold), most);
      each.push_back({i});
    }
    check.lesions.push_back(mean_over_scans(most, counts, each));
    check.lesions.back().bound = true;
  }
  for (const auto& slices : scans)
    if (const auto far = calibration.unlikeness_of(looks_of_scan(fresh, slices), static_cast<int64_t>(slices.size())))
      check.unlike += far->beyond();
  const auto small = std::count_if(fresh.scores.begin(), fresh.scores.end(),
                                   [&](double score) { return calibration.p_value(score) <= kSmallP; });
  // Slices of one scan may all be alike: no more than its scans is sure to be independent.
  check.p_values = share_of(kSmallP, static_cast<double>(small) / static_cast<double>(check.cases),
                            static_cast<double>(check.scans));
  if (check.scans < check.cases) check.volumes = small_volumes(calibration, fresh, scans);
  return check;
}

JsonText CalibrationCheck::to_json() const {
  nlohmann::json json = {{"cases", cases}, {"pixels", nlohmann::json::array()}, {"p_values", rate_json(p_values)}};
  for (const RealizedRate& rate : pixels) json["pixels"].push_back(rate_json(rate));
  for (const RealizedRate& rate : exceeded) json["exceeded"].push_back(rate_json(rate));
  for (const RealizedRate& rate : lesions) json["false_lesions"].push_back(rate_json(rate));
  json["unlike"] = unlike;
  if (!volumes) return json_text(json);
  json["scans"] = scans;
  json["volumes"] = rate_json(*volumes);
  return json_text(json);
}

std::string CalibrationCheck::table() const {
  constexpr int kWide = 46;
  std::string text =
      fmt::format("{:<{}}{:>10}{:>10}  {:<20}\n", "on " + counted("fresh healthy", static_cast<size_t>(cases), scans),
                  kWide, "requested", "realized", "95 % interval");
  const auto row = [&](const char* what, const RealizedRate& rate) {
    const bool known = !std::isnan(rate.low);
    text += fmt::format("{:<{}}{:>10.4g}{:>10.4f}  {:<20}{}\n", what, kWide, rate.requested, rate.realized,
                        known ? fmt::format("{:.4f} to {:.4f}", rate.low, rate.high) : "-",
                        !known         ? "one scan does not say"
                        : rate.holds() ? "holds"
                                       : "differs");
  };
  for (const RealizedRate& rate : pixels) row("pixels above the threshold", rate);
  for (size_t i = 0; i < exceeded.size(); ++i)
    row(fmt::format("scans with more than {:g} % above (at most)", 100 * pixels[i].requested).c_str(), exceeded[i]);
  for (const RealizedRate& rate : lesions) row("false lesions in a scan (at most)", rate);
  row(volumes ? "slices with p <= 0.05" : "scans with p <= 0.05", p_values);
  if (volumes) row("volumes with p <= 0.05 (at most)", *volumes);
  if (unlike > 0)
    text += fmt::format("{} of {} scans do not look like the calibration's: 'thor detect' gives no masks for them\n",
                        unlike, scans);
  return text;
}

std::string calibration_table(const Calibration& calibration) {
  const size_t cases = calibration.scores.size();
  const CalibrationSetting& setting = calibration.setting;
  std::string text = fmt::format("{}, perceptual {}: {}, {} pixels\n{}\n", setting.detector, setting.perceptual,
                                 counted("healthy", cases, calibration.scans), calibration.pixels, setting.config.text);
  text += fmt::format("{:<8}{:>15}   {}\n", "rate", "map threshold", "score threshold");
  for (const auto& [rate, threshold] : calibration.thresholds) {
    const auto score = calibration.score_threshold(rate);
    text += fmt::format("{:<8}{:>15.6g}   {}\n", rate, threshold,
                        score ? fmt::format("{:.6g}", *score)
                              : fmt::format("none: needs {:.0f} scans", std::ceil(1 / rate - 1e-9) - 1));
  }
  for (const auto& [most, threshold] : calibration.lesion_thresholds)
    text += fmt::format("{:<8}{:>15.6g}   false lesions in a scan, at most\n", most, threshold);
  return text + calibration.promise(OperatingPoint()) + "\n";
}

}  // namespace thor
