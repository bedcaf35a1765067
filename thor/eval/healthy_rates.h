// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/base/json_text.h"
#include "thor/eval/benchmark_config.h"
#include "thor/eval/calibrate.h"

namespace thor {

/// Healthy scans of one kind: a CSV or a folder.
struct HealthySetEntry {
  std::string name, scans;
  void describe(Fields& fields);
};

/// `thor evaluate rates`: what calibrated models mark in healthy scans that they were not calibrated on.
struct HealthyRatesConfig {
  std::string title = "False alarms in healthy scans", output = "rates";
  std::vector<ModelEntry> models;
  std::vector<HealthySetEntry> sets;
  std::vector<double> rates{0.0005, 0.001, 0.002, 0.004, 0.005, 0.01};  ///< each is among those of the calibrations
  std::vector<int64_t> site_scans{5, 9, 19};  ///< sizes of the site calibrations that are drawn from a set itself
  int64_t draws = 200, seed = 0, batch = 8;
  Precision precision = Precision::Fp32;
};
/// Reads the YAML file; relative paths in it start at its folder. Throws Usage: unknown keys, values out of range, no
/// models, no sets.
HealthyRatesConfig load_healthy_rates(const std::string& path);

/// Site calibrations of one size, drawn from a set: how often a further scan of the set had more than the rate above.
struct SiteDraws {
  int64_t scans = 0;             ///< of each calibration; 0 = the set is too small
  double bound = 0;              ///< 1 / (scans + 1)
  std::vector<double> exceeded;  ///< share of the further scans, for each rate
};

/// One model on one set.
struct HealthyRates {
  std::string model, set;
  int64_t scans = 0, slices = 0, failed = 0;
  /// For each rate, in scans that get a mask (empty where none does), and in all scans, whatever the check says;
  /// intervals by bootstrap over scans.
  std::vector<RealizedRate> realized, raw;
  std::vector<RealizedRate> lesions;  ///< false lesions in scans that get a mask, by expected number
  int64_t withheld = 0;               ///< scans of which `detect` gives no mask and no p-value (scan_check.h)
  /// Scans with more than five times the default rate above their threshold, and those of them that are withheld.
  int64_t broken = 0, broken_withheld = 0;
  RealizedRate small_p;         ///< scans with p <= 0.05, of those not withheld
  double ks = 0, ks_limit = 0;  ///< Kolmogorov-Smirnov distance of these p-values from uniform ones, and its 5 % limit
  std::vector<SiteDraws> sites;
};

struct HealthyRatesResult {
  HealthyRatesConfig config;
  std::vector<HealthyRates> rows;
  std::vector<CaseFailure> failed;
  JsonText to_json() const;
  std::string table() const;  ///< Markdown
};

/// The share of a scan's region above a site's threshold never exceeds the rate exactly where its own quantile is not
/// above the largest of the site's: what `draws` random choices of `scans` of the set say about the others. Pure in
/// (quantiles, seed). `quantiles[i][r]` is the (1 - rate r)-quantile of scan i.
SiteDraws draw_sites(const std::vector<std::vector<double>>& quantiles, int64_t scans, int64_t draws, uint64_t seed);

/// Detects with every model in every set and counts. Throws Usage where a model has no calibration for its recommended
/// setting or not for a rate.
HealthyRatesResult measure_healthy_rates(const HealthyRatesConfig& config, RunConfig run);

}  // namespace thor
