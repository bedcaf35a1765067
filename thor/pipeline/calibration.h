// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/pipeline/model.h"
#include "thor/pipeline/scan_looks.h"

namespace thor {

/// What decides, besides the model, which values a map has: a calibration holds for exactly one of these. Seed and
/// precision are no part of it: they move single pixels, not what a value means.
struct CalibrationSetting {
  std::string detector;
  JsonText config;         ///< all knobs, as resolved
  std::string perceptual;  ///< the distance really used: lpips | ssim | unet | none
};
bool operator==(const CalibrationSetting& a, const CalibrationSetting& b);

/// The false-positive rate of masks by default: the smallest of the usual rates that gives at least 95 % of the best
/// threshold's Dice on painted validation slices (docs/calibration.md).
inline constexpr double kDefaultFpr = 0.004;

/// What a mask may cost in a healthy scan. Both 0 = the calibration's default rate.
struct OperatingPoint {
  double fpr = 0;            ///< share of the healthy pixels that it marks
  double false_lesions = 0;  ///< expected number of false lesions in a scan; where it is given, `fpr` is not
  /// Throws Usage where both are given or one cannot be.
  void check() const;
};

/// What a detector finds in healthy scans: nothing of it was tuned on a lesion. Map values are those of the network's
/// grid, in the region that the maps are about (`detector.region`).
struct Calibration {
  CalibrationSetting setting;
  std::map<double, double> thresholds;  ///< rate in (0,1) -> the map value that this share of healthy pixels exceeds
  std::vector<double> scores;           ///< image scores of the n healthy slices, ascending
  int64_t pixels = 0;                   ///< healthy pixels behind the thresholds
  std::string data_sha256;              ///< of the healthy images as the network saw them
  /// Thresholds are the largest of the scans' own quantiles (METHODS 13), not quantiles of all pixels together.
  bool site = false;
  int64_t scans = 0;  ///< that the slices with these scores are from; of pictures as many as scores
  /// Of each scan with several slices the largest score, ascending; empty for pictures and in older calibrations.
  std::vector<double> scan_scores = {};
  /// Expected number of false lesions in the next healthy scan -> the map value that keeps it (false_lesions.h); empty
  /// in older calibrations and in those from fewer than four scans.
  std::map<double, double> lesion_thresholds = {};
  /// How each scan looks; empty in older calibrations and where the model does not know the brain.
  std::vector<ScanLooks> looks = {};

  /// True where some scans gave more than one slice: these are alike, so that p-values promise less than they say.
  bool several_slices_a_scan() const { return scans > 0 && scans < static_cast<int64_t>(scores.size()); }
  /// One sentence: what the threshold of a point promises of a new healthy scan, and on what assumption.
  std::string promise(const OperatingPoint& point) const;
  /// The rate of masks where none is asked for: kDefaultFpr, or the nearest rate of an older calibration without it.
  double default_rate() const;
  /// The point itself, or the one of the default rate where it names none.
  OperatingPoint resolved(OperatingPoint point) const;
  /// The threshold of a rate that was calibrated. Throws Usage, with the rates there are, for any other.
  double threshold(double rate) const;
  /// The same of an operating point. Throws Usage also as its `check` does.
  double threshold(const OperatingPoint& point) const;
  /// Conformal p-value (1 + #{healthy score >= s}) / (n + 1): for a scan exchangeable with the healthy ones, P(p <= a)
  /// is at most a. In [1 / (n + 1), 1].
  double p_value(double score) const;
  /// The p-value of a scan with so many slices, the largest score among which is this one: conformal among the
  /// calibration's scans, whose slices were examined at the same heights; where it is from single slices, theirs times
  /// the number of slices (Bonferroni), at most 1.
  double p_value_of_scan(double largest, int64_t slices) const;
  /// That rule for people: "the volume among 21 healthy ones".
  std::string rule_of_scan(const std::string& kind, int64_t slices) const;
  /// How far a scan of so many slices looks from the calibration's; none where that cannot be told, as of a picture
  /// beside volumes.
  std::optional<Unlikeness> unlikeness_of(const ScanLooks& scan, int64_t slices) const;
  /// The score beyond which p <= rate; none where n < 1 / rate - 1, as then no score gets there.
  std::optional<double> score_threshold(double rate) const;
};

/// As model files hold it.
JsonText json_of(const Calibration& calibration);
/// Throws Input where the JSON is no calibration, or one that cannot be: rates outside (0,1), scores out of order.
Calibration parse_calibration(const JsonText& text);

/// True where a model stores calibrations, whether they can be understood or not.
bool holds_calibrations(const Model& model);
/// All calibrations in a model, the latest last. Throws Input where what is stored cannot be understood.
std::vector<Calibration> calibrations_of(const Model& model);
/// The one of exactly this setting, if there is one. Throws Input as `calibrations_of`.
std::optional<Calibration> find_calibration(const Model& model, const CalibrationSetting& setting);
/// Why there is none, for people: "it is calibrated for thor, but with start_step 350 instead of 300".
std::string missing_calibration(const Model& model, const CalibrationSetting& setting);
/// Adds a calibration; one of the same setting is replaced. What cannot be understood is dropped, with a warning.
void put_calibration(Model& model, const Calibration& calibration);

}  // namespace thor
