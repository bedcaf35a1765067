// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/healthy_rates.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/base/random.h"
#include "thor/eval/false_lesions.h"
#include "thor/eval/kolmogorov.h"
#include "thor/pipeline/members.h"

namespace thor {
namespace {

constexpr double kBroken = 5;  // times the rate: a mask that misleads

struct RatesFile {
  HealthyRatesConfig& config;
  std::vector<YamlText> models, sets;
  void describe(Fields& fields) {
    fields.add("title", &config.title, "of the table");
    fields.add("output", &config.output, "folder for the results");
    fields.add("models", &models, "calibrated models: name, file");
    fields.add("sets", &sets, "healthy scans: name, scans");
    fields.add("rates", &config.rates, "false-positive rates", between(1e-6, 0.5));
    fields.add("site_scans", &config.site_scans, "sizes of the site calibrations", between(kLeastSiteScans, 1000));
    fields.add("draws", &config.draws, "random site calibrations of each size", between(1, 100000));
    fields.add("seed", &config.seed, "of the draws", at_least(0));
    fields.add("precision", &config.precision, "of the network");
    fields.add("batch", &config.batch, "images at once; changes speed, not results", between(1, 4096));
  }
};

/// Of each scan its own (1 - rate) quantiles, for each rate.
std::vector<std::vector<double>> own_quantiles(const MapSet& set, const SlicesOfScans& scans,
                                               const std::vector<double>& rates) {
  std::vector<std::vector<double>> quantiles;
  for (const auto& slices : scans) {
    const Tensor values = counted_values(set, slices);
    std::vector<double> own;
    for (const double rate : rates) own.push_back(values.numel() > 0 ? threshold_at(values, rate) : 0);
    quantiles.push_back(std::move(own));
  }
  return quantiles;
}

/// Distance of p-values from the uniform distribution on the values that a calibration can give.
void compare_with_uniform(HealthyRates& row, const std::vector<double>& p_values, size_t healthy) {
  if (p_values.empty()) return;
  std::vector<double> uniform;
  for (size_t i = 1; i <= healthy + 1; ++i)
    uniform.push_back(static_cast<double>(i) / static_cast<double>(healthy + 1));
  row.ks = ks_statistic(p_values, uniform);
  row.ks_limit = ks_critical(p_values.size(), healthy);
}

/// For each scan whether `detect` gives it no mask: its kind is another, or it looks like none of the calibration's.
std::vector<bool> withheld_scans(const Calibration& calibration, const MapSet& set, const SlicesOfScans& scans) {
  std::vector<bool> withheld;
  for (const auto& slices : scans) {
    const auto far = calibration.unlikeness_of(looks_of_scan(set, slices), static_cast<int64_t>(slices.size()));
    withheld.push_back(set.withheld.count(set.names[slices[0]]) > 0 || (far && far->beyond()));
  }
  return withheld;
}

HealthyRates count(const Calibration& calibration, const MapSet& set, const HealthyRatesConfig& config) {
  HealthyRates row;
  Calibration asked = calibration;
  asked.thresholds.clear();
  for (const double rate : config.rates) asked.thresholds[rate] = calibration.threshold(rate);
  const CalibrationCheck check = check_calibration(asked, set);
  row.raw = check.pixels;
  row.slices = check.cases;
  row.failed = static_cast<int64_t>(set.failed.size());
  const SlicesOfScans scans = by_scan(set);
  row.scans = static_cast<int64_t>(scans.size());
  const std::vector<bool> withheld_of = withheld_scans(calibration, set, scans);
  std::vector<size_t> given;
  for (size_t i = 0; i < scans.size(); ++i)
    if (!withheld_of[i]) given.insert(given.end(), scans[i].begin(), scans[i].end());
  if (!given.empty()) {
    const CalibrationCheck of_given = check_calibration(asked, some_slices(set, given));
    row.realized = of_given.pixels;
    row.lesions = of_given.lesions;
  }

  const double usual = calibration.default_rate(), at_usual = calibration.threshold(usual);
  const auto far = own_quantiles(set, scans, {std::min(0.5, kBroken * usual)});
  std::vector<double> p_values;
  for (size_t i = 0; i < scans.size(); ++i) {
    const bool withheld = withheld_of[i], broken = far[i][0] > at_usual;
    row.withheld += withheld;
    row.broken += broken;
    row.broken_withheld += withheld && broken;
    if (withheld) continue;
    const double largest = largest_score(set, scans[i]);
    const auto slices = static_cast<int64_t>(scans[i].size());
    p_values.push_back(slices == 1 ? calibration.p_value(largest) : calibration.p_value_of_scan(largest, slices));
  }
  const auto small = std::count_if(p_values.begin(), p_values.end(), [](double p) { return p <= 0.05; });
  row.small_p = share_of(0.05, p_values.empty() ? 0 : static_cast<double>(small) / static_cast<double>(p_values.size()),
                         static_cast<double>(std::max<size_t>(1, p_values.size())));
  compare_with_uniform(row, p_values,
                       calibration.scan_scores.empty() ? calibration.scores.size() : calibration.scan_scores.size());
  const auto quantiles = own_quantiles(set, scans, config.rates);
  for (const int64_t size : config.site_scans)
    row.sites.push_back(draw_sites(quantiles, size, config.draws, static_cast<uint64_t>(config.seed)));
  return row;
}

std::string in_percent(double share) { return fmt::format("{:.3g}", 100 * share); }

/// "1.2 [0.8, 1.9]", in percent
std::string with_interval(const RealizedRate& rate) {
  if (std::isnan(rate.low)) return in_percent(rate.realized);
  return fmt::format("{} [{}, {}]", in_percent(rate.realized), in_percent(rate.low), in_percent(rate.high));
}

nlohmann::json json_of(const RealizedRate& rate) {
  const auto known = [](double value) { return std::isnan(value) ? nlohmann::json() : nlohmann::json(value); };
  return {
      {"requested", rate.requested}, {"realized", rate.realized}, {"low", known(rate.low)}, {"high", known(rate.high)}};
}

}  // namespace

void HealthySetEntry::describe(Fields& fields) {
  fields.add("name", &name, "title in the table");
  fields.add("scans", &scans, "CSV or folder of healthy scans");
}

HealthyRatesConfig load_healthy_rates(const std::string& path) {
  HealthyRatesConfig config;
  RatesFile file{config, {}, {}};
  Fields(file).read_file(path);
  with_context("reading " + path, [&] {
    config.models = read_items<ModelEntry>("models", file.models);
    config.sets = read_items<HealthySetEntry>("sets", file.sets);
    if (config.models.empty()) fail_usage("'models' is empty or missing; at least one is needed");
    if (config.sets.empty()) fail_usage("'sets' is empty or missing; at least one is needed");
  });
  for (ModelEntry& model : config.models) model.file = beside_config(path, model.file);
  for (HealthySetEntry& set : config.sets) set.scans = beside_config(path, set.scans);
  config.output = beside_config(path, config.output);
  return config;
}

SiteDraws draw_sites(const std::vector<std::vector<double>>& quantiles, int64_t scans, int64_t draws, uint64_t seed) {
  SiteDraws result;
  const size_t all = quantiles.size(), chosen = static_cast<size_t>(scans);
  if (all <= chosen) return result;
  const size_t rates = quantiles[0].size();
  result.scans = scans;
  result.bound = 1 / static_cast<double>(scans + 1);
  result.exceeded.assign(rates, 0);
  std::vector<size_t> order(all);
  for (int64_t draw = 0; draw < draws; ++draw) {
    std::iota(order.begin(), order.end(), size_t{0});
    Random random({seed, static_cast<uint64_t>(scans), 0, Purpose::Bootstrap, static_cast<uint64_t>(draw)});
    for (size_t i = 0; i < chosen; ++i) std::swap(order[i], order[i + random.below(all - i)]);
    for (size_t rate = 0; rate < rates; ++rate) {
      double threshold = 0;
      for (size_t i = 0; i < chosen; ++i) threshold = std::max(threshold, quantiles[order[i]][rate]);
      for (size_t i = chosen; i < all; ++i) result.exceeded[rate] += quantiles[order[i]][rate] > threshold;
    }
  }
  for (double& exceeded : result.exceeded) exceeded /= static_cast<double>(draws) * static_cast<double>(all - chosen);
  return result;
}

HealthyRatesResult measure_healthy_rates(const HealthyRatesConfig& config, RunConfig run) {
  run.batch = config.batch;
  run.precision = config.precision;
  HealthyRatesResult result;
  result.config = config;
  for (const ModelEntry& entry : config.models) {
    const Model model = load_member(entry.file, entry.member);
    DetectorChoice choice = choose_detector(model, "", {});
    const Pipeline pipeline(model, std::move(choice.detector), run);
    const auto calibration = find_calibration(model, {choice.name, choice.config, pipeline.perceptual()});
    if (!calibration)
      fail_usage("'{}' is not calibrated for the detector it recommends; 'thor calibrate' does that", entry.name);
    for (const HealthySetEntry& healthy : config.sets) {
      info("{} in {}", entry.name, healthy.name);
      const MapSet set = need_maps(detect_slices(pipeline, choice, healthy_cases(healthy.scans), run, false));
      HealthyRates row = count(*calibration, set, config);
      row.model = entry.name;
      row.set = healthy.name;
      result.rows.push_back(std::move(row));
      result.failed.insert(result.failed.end(), set.failed.begin(), set.failed.end());
    }
  }
  return result;
}

std::string HealthyRatesResult::table() const {
  std::string text = fmt::format(
      "# {}\n\nPercent of the region that is marked in healthy scans that get a mask, with its 95 % interval over "
      "scans; "
      "in brackets that of all scans, had none been withheld.\n\n",
      config.title);
  text += "| model | healthy scans | scans (slices) |";
  for (const double rate : config.rates) text += fmt::format(" requested {} % |", in_percent(rate));
  text += " withheld | more than 5 times the default rate: scans, caught | p <= 0.05, % | KS of p (limit) |\n|";
  for (size_t i = 0; i < config.rates.size() + 7; ++i) text += "---|";
  for (const HealthyRates& row : rows) {
    text += fmt::format("\n| {} | {} | {} ({}) |", row.model, row.set, row.scans, row.slices);
    for (size_t i = 0; i < row.raw.size(); ++i) {
      text += row.realized.empty() ? " none" : " " + with_interval(row.realized[i]);
      text += fmt::format(" ({}) |", in_percent(row.raw[i].realized));
    }
    text += fmt::format(" {} | {}, {} | {} [{}, {}] | {:.2f} ({:.2f}) |", row.withheld, row.broken, row.broken_withheld,
                        in_percent(row.small_p.realized), in_percent(row.small_p.low), in_percent(row.small_p.high),
                        row.ks, row.ks_limit);
  }
  text +=
      "\n\nFalse lesions in a healthy scan that gets a mask, by their expected number.\n\n| model | healthy scans |";
  const std::vector<double> limits = false_lesion_limits(0);
  for (const double limit : limits) text += fmt::format(" at most {:g} |", limit);
  text += "\n|---|---|";
  for (size_t i = 0; i < limits.size(); ++i) text += "---|";
  for (const HealthyRates& row : rows) {
    text += fmt::format("\n| {} | {} |", row.model, row.set);
    for (const double limit : limits) {
      const auto found = std::find_if(row.lesions.begin(), row.lesions.end(),
                                      [&](const RealizedRate& one) { return one.requested == limit; });
      text += found == row.lesions.end() ? " - |"
              : std::isnan(found->low)
                  ? fmt::format(" {:.2f} |", found->realized)
                  : fmt::format(" {:.2f} [{:.2f}, {:.2f}] |", found->realized, found->low, found->high);
    }
  }
  text += fmt::format(
      "\n\nSite calibrations from n scans of the same set, {} draws: percent of the other scans with more than the "
      "rate "
      "above, at most 100 / (n + 1) on average.\n\n| model | healthy scans | n | bound |",
      config.draws);
  for (const double rate : config.rates) text += fmt::format(" {} % |", in_percent(rate));
  text += "\n|---|---|---|---|";
  for (size_t i = 0; i < config.rates.size(); ++i) text += "---|";
  for (const HealthyRates& row : rows)
    for (const SiteDraws& site : row.sites) {
      if (site.scans == 0) continue;
      text += fmt::format("\n| {} | {} | {} | {} |", row.model, row.set, site.scans, in_percent(site.bound));
      for (const double exceeded : site.exceeded) text += fmt::format(" {} |", in_percent(exceeded));
    }
  return text + "\n";
}

JsonText HealthyRatesResult::to_json() const {
  nlohmann::json list = nlohmann::json::array();
  for (const HealthyRates& row : rows) {
    nlohmann::json one = {{"model", row.model},
                          {"set", row.set},
                          {"scans", row.scans},
                          {"slices", row.slices},
                          {"failed", row.failed},
                          {"withheld", row.withheld},
                          {"broken", row.broken},
                          {"broken_withheld", row.broken_withheld},
                          {"small_p", json_of(row.small_p)},
                          {"ks", row.ks},
                          {"ks_limit", row.ks_limit},
                          {"realized", nlohmann::json::array()},
                          {"raw", nlohmann::json::array()},
                          {"false_lesions", nlohmann::json::array()},
                          {"sites", nlohmann::json::array()}};
    for (const RealizedRate& rate : row.realized) one["realized"].push_back(json_of(rate));
    for (const RealizedRate& rate : row.raw) one["raw"].push_back(json_of(rate));
    for (const RealizedRate& rate : row.lesions) one["false_lesions"].push_back(json_of(rate));
    for (const SiteDraws& site : row.sites)
      if (site.scans > 0)
        one["sites"].push_back({{"scans", site.scans}, {"bound", site.bound}, {"exceeded", site.exceeded}});
    list.push_back(std::move(one));
  }
  return json_text({{"title", config.title}, {"rates", config.rates}, {"draws", config.draws}, {"rows", list}});
}

}  // namespace thor
