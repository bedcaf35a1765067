// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/evidence.h"

#include <ATen/ATen.h>

#include <cmath>

#include "thor/base/error.h"
#include "thor/detect/anomaly_map.h"

namespace thor {
namespace {

constexpr double kPerNat = 32;           // quantiles
constexpr int64_t kMaxQuantiles = 1024;  // e^-32 is rarer than any pixel
constexpr int64_t kMaxLevels = 1024;

}  // namespace

void ReferenceConfig::describe(Fields& fields) {
  fields.add("blur", &blur, "blur of the mean healthy map, pixels", between(0, 64));
  fields.add("floor", &floor, "added to the mean healthy map, in units of its mean", between(0.001, 1000));
  fields.add("z_step", &z_step, "height over which the healthy maps of slices are averaged, mm", between(0.1, 1000));
}

Tensor level_at(const HealthyReference& reference, const Tensor& z_mm) {
  const Tensor nearest = (z_mm.to(reference.z_mm.device()).unsqueeze(1) - reference.z_mm.unsqueeze(0)).abs().argmin(1);
  return reference.level.index_select(0, nearest.to(reference.level.device())).unsqueeze(1);
}

HealthyReference healthy_reference(const Tensor& maps, const Tensor& z_mm, const ReferenceConfig& config) {
  const double mean = maps.mean(at::kDouble).item<double>();
  if (!(mean > 0) || !std::isfinite(mean))
    fail_input("the maps of the healthy scans have the mean {}, expected a positive number", mean);
  HealthyReference reference;
  // Cells of z_step about the lowest slice; a slice belongs to one.
  const Tensor cell = ((z_mm - z_mm.min()) / config.z_step).round();
  std::vector<Tensor> levels, heights;
  for (const Tensor& one : std::get<0>(at::_unique(cell, /*sorted=*/true)).unbind()) {
    const Tensor mine = (cell == one).nonzero().flatten();
    heights.push_back(z_mm.index_select(0, mine).mean());
    const Tensor usual = gaussian_blur(maps.index_select(0, mine).mean(0, /*keepdim=*/true), config.blur);
    levels.push_back((usual + mean * config.floor)[0][0]);
  }
  reference.level = at::stack(levels);
  reference.z_mm = at::stack(heights);

  const Tensor sorted = std::get<0>((maps / level_at(reference, z_mm)).flatten().sort());
  const double values = static_cast<double>(sorted.numel());
  const auto count = std::min<int64_t>(kMaxQuantiles, 1 + static_cast<int64_t>(kPerNat * std::log(values)));
  const Tensor above = (at::arange(count, at::kDouble) / -kPerNat).exp() * values;  // how many values exceed the i-th
  reference.quantiles = sorted.index_select(0, (values - above).floor().to(at::kLong).clamp(0, sorted.numel() - 1));
  return reference;
}

void check_reference(const HealthyReference& reference, int64_t height, int64_t width) {
  const Tensor &level = reference.level, &quantiles = reference.quantiles, &z_mm = reference.z_mm;
  if (z_mm.scalar_type() != at::kFloat || z_mm.dim() != 1 || z_mm.numel() < 1 || z_mm.numel() > kMaxLevels ||
      !at::isfinite(z_mm).all().item<bool>() || !z_mm.diff().gt(0).all().item<bool>())
    fail_input("its healthy levels have heights {} that are not 1 to {} in ascending order", shape_text(z_mm.sizes()),
               kMaxLevels);
  if (level.scalar_type() != at::kFloat || level.sizes() != at::IntArrayRef({z_mm.numel(), height, width}))
    fail_input("its healthy level has the shape {}, expected float32 [{}, {}, {}]", shape_text(level.sizes()),
               z_mm.numel(), height, width);
  if (!at::isfinite(level).all().item<bool>() || !level.gt(0).all().item<bool>())
    fail_input("its healthy level is not positive everywhere");
  if (quantiles.scalar_type() != at::kFloat || quantiles.dim() != 1 || quantiles.numel() < 2 ||
      quantiles.numel() > kMaxQuantiles)
    fail_input("its healthy quantiles have the shape {}, expected float32 [2 to {}]", shape_text(quantiles.sizes()),
               kMaxQuantiles);
  if (!at::isfinite(quantiles).all().item<bool>() || !quantiles.diff().ge(0).all().item<bool>())
    fail_input("its healthy quantiles are not in ascending order");
}

namespace {

constexpr double kSteepest = 10;  // healthy maps with a sharp upper end would make any value beyond it infinitely rare

/// Exponent of the Pareto tail S(v) ~ v^-a through the quantiles that are one nat apart at the end; from 1 to
/// kSteepest.
double tail_exponent(const Tensor& quantiles) {
  const int64_t last = quantiles.numel() - 1, before = std::max<int64_t>(0, last - static_cast<int64_t>(kPerNat));
  const double high = quantiles[last].item<double>(), low = quantiles[before].item<double>();
  if (!(low > 0) || !(high > low)) return kSteepest;
  return std::clamp(static_cast<double>(last - before) / kPerNat / std::log(high / low), 1.0, kSteepest);
}

}  // namespace

Tensor evidence(const HealthyReference& reference, const Tensor& map, const Tensor& z_mm) {
  const Tensor quantiles = reference.quantiles.to(map.device());
  const Tensor level = z_mm.defined() ? level_at(reference, z_mm) : reference.level.narrow(0, 0, 1);
  const Tensor values = (map / level.to(map.device())).contiguous();
  const Tensor next = at::searchsorted(quantiles, values);  // the first quantile that is as high
  const Tensor below = (next - 1).clamp_min(0), above = next.clamp_max(quantiles.numel() - 1);
  const Tensor low = quantiles.take(below), step = quantiles.take(above) - low;
  const Tensor part = at::where(step > 0, (values - low) / step, at::zeros_like(values));
  const double highest = std::max(reference.quantiles[-1].item<double>(), 1e-12);
  const Tensor beyond = (values / highest).clamp_min(1).log() * tail_exponent(reference.quantiles);
  return at::where(values.isnan(), values, (below.to(at::kFloat) + part.clamp(0, 1)) / kPerNat + beyond);
}

}  // namespace thor
