// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/data/healthy_list.h"
#include "thor/eval/evaluation.h"
#include "thor/eval/map_set.h"
#include "thor/pipeline/calibration.h"

namespace thor {

/// The rates that every calibration has a threshold for (METHODS 10), and `asked`, in ascending order. Throws Usage
/// where `asked` is not between 0 and 1.
std::vector<double> calibration_rates(double asked);

/// The scans that a CSV or a folder names. Throws Input where masks of the CSV mark a lesion.
std::vector<CaseInput> healthy_cases(const std::string& list);

/// The slices of each scan in a set: those under one name.
using SlicesOfScans = std::vector<std::vector<size_t>>;
SlicesOfScans by_scan(const MapSet& set);
/// Values of the maps of some slices in the regions that they are about.
Tensor counted_values(const MapSet& set, const std::vector<size_t>& slices);
double largest_score(const MapSet& set, const std::vector<size_t>& slices);
ScanLooks looks_of_scan(const MapSet& set, const std::vector<size_t>& slices);

/// The smallest of the values that at most a share `rate` of them exceeds: an order statistic, exact also with ties.
/// `values` float32, at least one, finite.
double threshold_at(const Tensor& values, double rate);

/// Thresholds, sorted scores and looks of what a detector found in healthy scans: thresholds by rate, where all pixels
/// in the maps' regions count alike, and by expected number of false lesions (false_lesions.h). Slices of one name are
/// of one scan.
Calibration calibrate(const MapSet& healthy, const std::vector<double>& rates,
                      const std::vector<double>& false_lesions = {});

/// Scans of one scanner that a calibration for it needs: with n of them the bound on false alarms is 1 / (n + 1).
inline constexpr int64_t kLeastSiteScans = 5;

/// The same for one scanner, from at least kLeastSiteScans healthy scans of it (METHODS 13, site threshold): the
/// threshold of rate b is the largest of the scans' own (1 - b) quantiles. If the next healthy scan is exchangeable
/// with these, more than a share b of it lies above with probability at most 1 / (n + 1), whatever the maps. A sick
/// scan among them raises thresholds and never breaks the bound. Throws Input where there are fewer scans.
Calibration calibrate_site(const MapSet& healthy, const std::vector<double>& rates,
                           const std::vector<double>& false_lesions = {});

/// Thresholds by rate as an evaluation labels them: "calibrated 5 %".
std::vector<NamedThreshold> calibrated_thresholds(const std::map<double, double>& by_rate);

/// A rate that was asked for and the one that came out, with its 95 % interval.
struct RealizedRate {
  double requested = 0, realized = 0, low = 0, high = 0;  ///< low and high NaN where one scan is all there is
  bool bound = false;                                     ///< a promise of "at most": less is no fault
  bool holds() const { return low <= requested && (bound || requested <= high); }
};
/// Wilson's 95 % interval of a share of n independent ones: never empty, not even for 0 of n.
RealizedRate share_of(double requested, double share, double n);
/// How a calibration fares on healthy scans it has not seen.
struct CalibrationCheck {
  int64_t cases = 0;                    ///< slices
  int64_t scans = 0;                    ///< that they are from; of pictures as many
  std::vector<RealizedRate> pixels;     ///< pixels above each threshold; interval: bootstrap over scans
  RealizedRate p_values;                ///< slices with p <= 0.05; interval: Wilson's for a share of so many scans
  std::vector<RealizedRate> exceeded;   ///< of a site calibration, by rate: scans with more than that share above
  std::vector<RealizedRate> lesions;    ///< false lesions in a scan, by the expected number; interval: bootstrap
  int64_t unlike = 0;                   ///< scans that do not look like the calibration's: `detect` withholds masks
  std::optional<RealizedRate> volumes;  ///< volumes with p <= 0.05 as `detect` states it; only where there are some
  JsonText to_json() const;
  std::string table() const;  ///< for people
};
CalibrationCheck check_calibration(const Calibration& calibration, const MapSet& fresh);

/// The thresholds of a calibration, for people.
std::string calibration_table(const Calibration& calibration);

}  // namespace thor
