// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/scan_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "thor/data/summary.h"
#include "thor/image/register/registration.h"

namespace thor {
namespace {

constexpr double kFarIntensity = 0.1;  // of the unit range, beyond all training images

/// The smallest value of a measurement that the steps of registration took.
std::optional<double> smallest_of(const JsonText& steps, const char* measurement) {
  std::optional<double> smallest;
  for (const auto& step : parse(steps))
    if (const auto found = step.find(measurement);
        found != step.end() && found->is_number() && std::isfinite(found->get<double>()))
      smallest = std::min(smallest.value_or(found->get<double>()), found->get<double>());
  return smallest;
}

}  // namespace

ScanCheck check_registration(const JsonText& steps) {
  ScanCheck check;
  check.similarity = smallest_of(steps, "similarity");
  check.contrast = smallest_of(steps, "contrast");
  if (check.similarity && *check.similarity < kDoubtfulSimilarity)
    check.findings.push_back(fmt::format(
        "it is probably not registered to the template (similarity {:.3f} nats, heads that fit reach 0.18, at least "
        "{:g} is expected)",
        *check.similarity, kDoubtfulSimilarity));
  if (check.contrast && *check.contrast < kLeastContrast)
    check.findings.push_back(fmt::format(
        "tissue that is bright in the template is not brighter than other tissue (contrast {:.3f}, at least {:g} is "
        "expected): another sequence or modality, or not registered",
        *check.contrast, kLeastContrast));
  return check;
}

ScanCheck check_scan(const Model& model, const Tensor& slices, const JsonText& steps) {
  ScanCheck check = check_registration(steps);
  const auto trained = slices.size(0) == 0 ? std::nullopt : trained_on(model);
  if (!trained) return check;
  const DataSummary here = summarize(slices);
  check.intensity_distance = distance_from(*trained, here);
  if (*check.intensity_distance > kFarIntensity)
    check.findings.push_back(fmt::format(
        "its intensities are not those of the images that the model was trained on (foreground 5-25-50-75-95 %: {:.2f} "
        "where training has {:.2f}): another sequence, contrast agent, modality or window",
        fmt::join(here.foreground_quantiles, " "), fmt::join(trained->foreground_quantiles, " ")));
  return check;
}

void compare_looks(ScanCheck& check, const std::optional<Calibration>& calibration, const ScanLooks& scan,
                   int64_t slices) {
  if (calibration) check.unlikeness = calibration->unlikeness_of(scan, slices);
}

std::string describe(const ScanCheck& check) {
  const char* given = "mask, p-value and lesions are given because they were asked for in spite of";
  if (!check.findings.empty())
    return fmt::format("{}: {}", check.ignored ? given : "no mask, no p-value and no lesions are given",
                       fmt::join(check.findings, "; "));
  return fmt::format(
      "{}: the model is not calibrated for scans like this ({:.1f} deviations from the healthy scans of the "
      "calibration, "
      "{:.1f} at most expected); 'thor calibrate' with `site` makes it so, from healthy scans of the same scanner",
      check.ignored ? given : "no mask and no p-value are given", check.unlikeness->value, check.unlikeness->limit);
}

}  // namespace thor
