// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/scan_looks.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/detect/anomaly_map.h"

namespace thor {
namespace {

constexpr double kBlur = 2;           // pixels
constexpr double kFloor = 0.03;       // added to the deviation, white = 1
constexpr double kGrainWeight = 0.3;  // beside the strangeness (decision 0214)
constexpr double kNormalLimit = 2.1;  // standard deviations that 1.8 % of a normal distribution exceed
constexpr size_t kLeastScans = 10;    // from which a deviation can be told
constexpr double kLeastValue = 1e-6;  // before the logarithm

double log_median(const Tensor& image, const Tensor& inside) {
  const Tensor values = image.masked_select(inside);
  return values.numel() == 0 ? NAN : std::log(std::max(values.median().item<double>(), kLeastValue));
}

ScanLooks looks_of_slice(const BrainTissue& tissue, const Tensor& slice, double z_mm) {
  const int64_t level = tissue.level_at(z_mm);
  const Tensor core = brain_core(tissue.brain[level]);
  const Tensor deviation = tissue.deviation[level].to(at::kFloat) / 255 + kFloor;
  const Tensor difference = slice - tissue.median[level].to(at::kFloat) / 255;
  const Tensor coarse = gaussian_blur(difference.unsqueeze(0).unsqueeze(0), kBlur)[0][0];
  return {log_median(coarse.abs() / deviation, core), log_median((difference - coarse).abs(), core)};
}

struct Moments {
  double mean = 0, deviation = 0;
};
Moments moments_of(const std::vector<double>& values) {
  Moments m;
  const auto n = static_cast<double>(values.size());
  for (const double v : values) m.mean += v / n;
  for (const double v : values) m.deviation += (v - m.mean) * (v - m.mean) / (n - 1);
  m.deviation = std::max(std::sqrt(m.deviation), kLeastValue);
  return m;
}

/// The limit for one more value beside n: a quantile of Student's t with n - 1 degrees of freedom (Cornish and Fisher's
/// first term) times the factor for the mean's own error.
double prediction_limit(double n) {
  const double z = kNormalLimit;
  return (z + (z * z * z + z) / (4 * (n - 1))) * std::sqrt(1 + 1 / n);
}

}  // namespace

bool ScanLooks::known() const { return std::isfinite(strangeness) && std::isfinite(grain); }

ScanLooks looks_of(const BrainTissue& tissue, const std::vector<Tensor>& slices, const std::vector<double>& z_mm) {
  std::vector<ScanLooks> all;
  if (tissue.known())
    for (size_t i = 0; i < slices.size(); ++i) all.push_back(looks_of_slice(tissue, slices[i], z_mm[i]));
  return mean_of(all);
}

ScanLooks mean_of(const std::vector<ScanLooks>& slices) {
  ScanLooks mean{0, 0};
  double count = 0;
  for (const ScanLooks& slice : slices) {
    if (!slice.known()) continue;
    mean.strangeness += slice.strangeness;
    mean.grain += slice.grain;
    ++count;
  }
  return {mean.strangeness / count, mean.grain / count};  // NaN where there is none
}

std::optional<Unlikeness> unlikeness(const std::vector<ScanLooks>& healthy, const ScanLooks& scan) {
  std::vector<double> strangeness, grain, both;
  for (const ScanLooks& one : healthy) {
    if (!one.known()) continue;
    strangeness.push_back(one.strangeness);
    grain.push_back(one.grain);
  }
  if (strangeness.size() < kLeastScans || !scan.known()) return std::nullopt;
  const Moments of_strangeness = moments_of(strangeness), of_grain = moments_of(grain);
  const auto together = [&](const ScanLooks& one) {
    return (one.strangeness - of_strangeness.mean) / of_strangeness.deviation +
           kGrainWeight * (one.grain - of_grain.mean) / of_grain.deviation;
  };
  for (const ScanLooks& one : healthy)
    if (one.known()) both.push_back(together(one));
  return Unlikeness{together(scan) / moments_of(both).deviation, prediction_limit(static_cast<double>(both.size()))};
}

}  // namespace thor
