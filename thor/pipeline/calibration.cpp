// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/calibration.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/log.h"

namespace thor {
namespace {

constexpr const char* kEntries = "entries";
constexpr double kLargestLooks = 50;

/// "0.05" -> 0.05.
double parse_rate(const std::string& text) {
  double rate = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rate);
  if (error != std::errc() || end != text.data() + text.size() || !(rate > 0 && rate < 1))
    fail_input("it has a threshold for the rate '{}', expected a number between 0 and 1", text);
  return rate;
}

std::pair<double, double> pair_of(const nlohmann::json& entry) {
  if (!entry.is_array() || entry.size() != 2 || !entry[0].is_number() || !entry[1].is_number())
    fail_input("it has {} where two numbers belong", entry.dump());
  return {entry[0].get<double>(), entry[1].get<double>()};
}

/// Reads [[limit, threshold], ...].
std::map<double, double> parse_lesion_thresholds(const nlohmann::json& json) {
  std::map<double, double> thresholds;
  for (const auto& entry : json) {
    const auto [limit, value] = pair_of(entry);
    if (!(limit > 0) || !thresholds.emplace(limit, value).second)
      fail_input("it has a threshold for {} false lesions, expected positive numbers, each once", limit);
  }
  return thresholds;
}

std::map<double, double> parse_thresholds(const nlohmann::json& json) {
  std::map<double, double> thresholds;
  for (const auto& [rate, value] : json.items()) thresholds[parse_rate(rate)] = value.get<double>();
  if (thresholds.empty()) fail_input("it has no thresholds");
  return thresholds;
}

void check_healthy(const Calibration& calibration) {
  const auto& scores = calibration.scores;
  if (scores.empty()) fail_input("it has no healthy scores");
  if (!std::is_sorted(scores.begin(), scores.end())) fail_input("its healthy scores are not in ascending order");
  if (calibration.scans < 1 || calibration.scans > static_cast<int64_t>(scores.size()))
    fail_input("its {} healthy scores are said to be from {} scans", scores.size(), calibration.scans);
  const auto& largest = calibration.scan_scores;
  if (!std::is_sorted(largest.begin(), largest.end()) ||
      (!largest.empty() && static_cast<int64_t>(largest.size()) != calibration.scans))
    fail_input("its {} scores of {} scans do not fit each other or are not in ascending order", largest.size(),
               calibration.scans);
  const auto sane = [](const ScanLooks& one) {  // logarithms of shares of white
    return std::abs(one.strangeness) <= kLargestLooks && std::abs(one.grain) <= kLargestLooks;
  };
  if (static_cast<int64_t>(calibration.looks.size()) > calibration.scans ||
      !std::all_of(calibration.looks.begin(), calibration.looks.end(), sane))
    fail_input("its {} looks of {} scans cannot be", calibration.looks.size(), calibration.scans);
  if (calibration.pixels < 1) fail_input("it was made from {} pixels", calibration.pixels);
}

nlohmann::json entries_of(const Model& model) {
  if (model.calibration.empty()) return nlohmann::json::array();
  const nlohmann::json stored = parse(model.calibration);
  const auto entries = stored.find(kEntries);
  if (entries == stored.end() || !entries->is_array()) fail_input("it has no list '{}'", kEntries);
  return *entries;
}

/// The knobs that differ: "start_step 350 instead of 300".
std::string difference(const CalibrationSetting& has, const CalibrationSetting& wanted) {
  const nlohmann::json a = parse(has.config).flatten(), b = parse(wanted.config).flatten();
  std::vector<std::string> parts;
  if (has.perceptual != wanted.perceptual)
    parts.push_back(fmt::format("the perceptual distance {} instead of {}", has.perceptual, wanted.perceptual));
  for (const auto& [knob, value] : b.items()) {
    const auto old = a.find(knob);
    if (knob.empty() || (old != a.end() && *old == value)) continue;  // "" is what an empty object flattens to
    std::string name = knob.substr(1);
    std::replace(name.begin(), name.end(), '/', '.');
    parts.push_back(fmt::format("{} {} instead of {}", name, old == a.end() ? "absent" : old->dump(), value.dump()));
  }
  if (parts.empty()) parts.push_back("knobs that are not there any more");
  return fmt::format("{}", fmt::join(parts, ", "));
}

double conformal(const std::vector<double>& healthy, double score) {
  const auto as_high = healthy.end() - std::lower_bound(healthy.begin(), healthy.end(), score);
  return static_cast<double>(1 + as_high) / static_cast<double>(1 + healthy.size());
}

/// The settings with those that detectors have had since older calibrations were made, at the values that change
/// nothing.
nlohmann::json with_newer_settings(const JsonText& text) {
  nlohmann::json config = parse(text);
  if (!config.is_object()) return config;
  for (const auto& [key, value] : std::initializer_list<std::pair<const char*, nlohmann::json>>{
           {"region", "all"}, {"relative_to", 0.0}, {"score", "mean"}})
    if (!config.contains(key)) config[key] = value;
  return config;
}

}  // namespace

bool operator==(const CalibrationSetting& a, const CalibrationSetting& b) {
  return a.detector == b.detector && a.perceptual == b.perceptual &&
         with_newer_settings(a.config) == with_newer_settings(b.config);
}

double Calibration::default_rate() const {
  const auto distance = [](const auto& entry) { return std::abs(std::log(entry.first / kDefaultFpr)); };
  return std::min_element(thresholds.begin(), thresholds.end(),
                          [&](const auto& a, const auto& b) { return distance(a) < distance(b); })
      ->first;
}

double Calibration::threshold(double rate) const {
  const auto found = thresholds.find(rate);
  if (found != thresholds.end()) return found->second;
  std::vector<double> rates;
  for (const auto& [known, value] : thresholds) rates.push_back(known);
  fail_usage(
      "the model is not calibrated for a false-positive rate of {}, only for {}; 'thor calibrate' with `fpr` "
      "{} makes one",
      rate, fmt::join(rates, ", "), rate);
}

void OperatingPoint::check() const {
  if (!(fpr >= 0 && fpr < 1))
    fail_usage("the false-positive rate is {}, expected a share between 0 and 1, e.g. 0.004", fpr);
  if (!(false_lesions >= 0)) fail_usage("{} false lesions are asked for, expected a positive number", false_lesions);
  if (fpr > 0 && false_lesions > 0)
    fail_usage("`fpr` and `false-lesions` are two ways to choose a threshold; give one of them");
}

OperatingPoint Calibration::resolved(OperatingPoint point) const {
  if (point.fpr == 0 && point.false_lesions == 0) point.fpr = default_rate();
  return point;
}

double Calibration::threshold(const OperatingPoint& point) const {
  point.check();
  if (point.false_lesions == 0) return threshold(resolved(point).fpr);
  const auto found = lesion_thresholds.find(point.false_lesions);
  if (found != lesion_thresholds.end()) return found->second;
  std::vector<double> limits;
  for (const auto& [known, value] : lesion_thresholds) limits.push_back(known);
  if (limits.empty())
    fail_usage(
        "the calibration knows no numbers of false lesions: it is of an older version, or from fewer than 4 scans; "
        "'thor calibrate' makes a new one");
  fail_usage(
      "the model is not calibrated for {} false lesions, only for {}; 'thor calibrate' with `false-lesions` {} makes "
      "one",
      point.false_lesions, fmt::join(limits, ", "), point.false_lesions);
}

std::string Calibration::promise(const OperatingPoint& point) const {
  const char* kind = site ? "the same scanner and kind" : "the same kind";
  if (point.false_lesions > 0)
    return fmt::format(
        "No more than {:g} false lesions are expected in a new healthy scan (pieces of 5 or more pixels of the "
        "network's "
        "grid, up to {:g} of them counted), if it is of {} as the {} healthy scans of the calibration.",
        point.false_lesions, 5 * point.false_lesions, kind, scans);
  const double rate = resolved(point).fpr;
  return site ? fmt::format(
                    "Of a new healthy scan, more than {:g} % of the region is marked with probability at most 1 in {}, "
                    "if it is of the same scanner and kind as the {} healthy scans of the calibration.",
                    100 * rate, scans + 1, scans)
              : fmt::format(
                    "Of healthy scans like the {} of the calibration, {:g} % of the region is marked on average; scans "
                    "of another scanner may have much more (calibrate with `site` scans of your own).",
                    scans, 100 * rate);
}

double Calibration::p_value(double score) const { return conformal(scores, score); }

double Calibration::p_value_of_scan(double largest, int64_t slices) const {
  if (!scan_scores.empty()) return conformal(scan_scores, largest);
  return std::min(1.0, p_value(largest) * std::max(1.0, static_cast<double>(slices)));
}

std::optional<Unlikeness> Calibration::unlikeness_of(const ScanLooks& scan, int64_t slices) const {
  if (several_slices_a_scan() != (slices > 1)) return std::nullopt;
  return unlikeness(looks, scan);
}

std::string Calibration::rule_of_scan(const std::string& kind, int64_t slices) const {
  return scan_scores.empty()
             ? fmt::format("the {}: the smallest of {} slices times their number", kind, slices)
             : fmt::format("the {} among {} healthy ones, by its highest slice", kind, scan_scores.size());
}

std::optional<double> Calibration::score_threshold(double rate) const {
  // The lowest healthy score with p <= rate for everything above it: walks down while p still is.
  const size_t n = scores.size();
  std::optional<double> threshold;
  for (size_t above = 0; above < n && static_cast<double>(above + 1) / static_cast<double>(n + 1) <= rate; ++above)
    threshold = scores[n - 1 - above];
  return threshold;
}

JsonText json_of(const Calibration& calibration) {
  nlohmann::json thresholds = nlohmann::json::object();
  for (const auto& [rate, value] : calibration.thresholds) thresholds[fmt::format("{}", rate)] = value;
  nlohmann::json json = {{"detector", calibration.setting.detector},
                         {"config", parse(calibration.setting.config)},
                         {"perceptual", calibration.setting.perceptual},
                         {"thresholds", thresholds},
                         {"scores", calibration.scores},
                         {"cases", calibration.scores.size()},
                         {"pixels", calibration.pixels},
                         {"data_sha256", calibration.data_sha256}};
  if (calibration.several_slices_a_scan()) json["scans"] = calibration.scans;
  if (!calibration.scan_scores.empty()) json["scan_scores"] = calibration.scan_scores;
  if (calibration.site) json["site"] = true;
  for (const auto& [limit, value] : calibration.lesion_thresholds) json["lesion_thresholds"].push_back({limit, value});
  for (const ScanLooks& looks : calibration.looks) json["looks"].push_back({looks.strangeness, looks.grain});
  return json_text(json);
}

Calibration parse_calibration(const JsonText& text) {
  const nlohmann::json json = parse(text);
  Calibration calibration;
  try {
    json.at("detector").get_to(calibration.setting.detector);
    calibration.setting.config = json_text(json.at("config"));
    json.at("perceptual").get_to(calibration.setting.perceptual);
    calibration.thresholds = parse_thresholds(json.at("thresholds"));
    json.at("scores").get_to(calibration.scores);
    calibration.scans = json.value("scans", static_cast<int64_t>(calibration.scores.size()));
    calibration.scan_scores = json.value("scan_scores", std::vector<double>());
    calibration.site = json.value("site", false);
    for (const auto& looks : json.value("looks", nlohmann::json::array()))
      calibration.looks.push_back({pair_of(looks).first, pair_of(looks).second});
    calibration.lesion_thresholds = parse_lesion_thresholds(json.value("lesion_thresholds", nlohmann::json::array()));
    json.at("pixels").get_to(calibration.pixels);
    json.at("data_sha256").get_to(calibration.data_sha256);
  } catch (const nlohmann::json::exception& error) {
    fail_input("it is not as thor writes it: {}", error.what());
  }
  if (!json.at("config").is_object()) fail_input("its detector settings are not an object");
  check_healthy(calibration);
  return calibration;
}

bool holds_calibrations(const Model& model) {
  return !model.calibration.empty() && !parse(model.calibration).value(kEntries, nlohmann::json::array()).empty();
}

std::vector<Calibration> calibrations_of(const Model& model) {
  try {
    std::vector<Calibration> list;
    for (const auto& entry : entries_of(model)) list.push_back(parse_calibration(json_text(entry)));
    return list;
  } catch (const Error& error) {
    fail_input("the calibration in the model cannot be used: {}; 'thor calibrate' writes a new one", error.what());
  }
}

std::optional<Calibration> find_calibration(const Model& model, const CalibrationSetting& setting) {
  for (Calibration& one : calibrations_of(model))
    if (one.setting == setting) return std::move(one);
  return std::nullopt;
}

std::string missing_calibration(const Model& model, const CalibrationSetting& setting) {
  const auto all = calibrations_of(model);
  if (all.empty()) return "it is not calibrated";
  const auto same = std::find_if(all.rbegin(), all.rend(),
                                 [&](const Calibration& one) { return one.setting.detector == setting.detector; });
  if (same == all.rend())
    return fmt::format("it is calibrated for {}, not for {}", all.back().setting.detector, setting.detector);
  return fmt::format("it is calibrated for {}, but with {}", setting.detector, difference(same->setting, setting));
}

void put_calibration(Model& model, const Calibration& calibration) {
  nlohmann::json old = nlohmann::json::array(), entries = nlohmann::json::array();
  try {
    old = entries_of(model);
  } catch (const Error& error) {
    warn("the calibration in the model cannot be used: {}; it is dropped", error.what());
  }
  for (const auto& entry : old) try {
      if (!(parse_calibration(json_text(entry)).setting == calibration.setting)) entries.push_back(entry);
    } catch (const Error& error) {
      warn("a calibration in the model cannot be used: {}; it is dropped", error.what());
    }
  entries.push_back(parse(json_of(calibration)));
  model.calibration = json_text({{kEntries, std::move(entries)}});
}

}  // namespace thor
