// SPDX-License-Identifier: Apache-2.0
#include "thor/data/brain_tissue.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "thor/base/error.h"
#include "thor/data/preprocess_step.h"
#include "thor/data/volume_steps.h"
#include "thor/image/quantile.h"

namespace thor {
namespace {

constexpr int64_t kPercentiles = 101, kMostLevels = 1024;
constexpr int64_t kRim = 2;              // pixels: skull or partial volume, in scans that are a little out of place
constexpr double kLeastPixels = 50;      // of a scan's brain, from which quantiles can be told
constexpr double kLeastContrast = 0.02;  // between the outer landmarks: an empty scan has less
constexpr float kLeastStep = 1e-3F;      // between knots

/// The mask template of the steps on the network's grid at a height: it takes the steps that move voxels.
Tensor template_brain(const PreprocessConfig& config, const Templates& templates, double z_mm) {
  std::vector<YamlText> moving;
  std::string name;
  const auto steps = parse_steps(config.steps);
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i]->moves_voxels()) moving.push_back(config.steps[i]);
    if (const auto mask = steps[i]->brain_template()) name = *mask;
  }
  const auto found = templates.find(name);
  if (found == templates.end())
    fail_input(
        "where the brain lies is not known: the slices have no masks, and the preprocessing steps name no mask in a "
        "template's space that is there");
  const PreparedVolume placed = run_steps(moving, templates, found->second.image);
  const auto slice = slice_at(placed, z_mm);
  if (!slice)
    fail_input(
        "the height {:g} mm of the pictures (preprocess.slices, preprocess.picture_z_mm) is outside of the steps' grid",
        z_mm);
  return mask_to_network_grid(placed.volume.voxels[*slice].ge(127.5).to(at::kFloat), config.size).to(at::kByte);
}

Tensor percentiles_of(const Tensor& values) {
  const Tensor sorted = std::get<0>(values.flatten().sort());
  const Tensor at = at::linspace(0, static_cast<double>(sorted.numel() - 1), kPercentiles).round().to(at::kLong);
  return sorted.index_select(0, at);
}

/// Standard deviation of each percentile over slices.
Tensor spread_of(const std::vector<Tensor>& values_of_slices) {
  std::vector<Tensor> percentiles;
  for (const Tensor& values : values_of_slices)
    if (values.numel() >= kPercentiles) percentiles.push_back(percentiles_of(values));
  if (percentiles.empty()) return at::zeros({kPercentiles}, at::kFloat);
  return at::stack(percentiles).std(0, /*unbiased=*/false);
}

struct Level {
  Tensor brain;  // how many slices have brain there
  std::vector<Tensor> values, slices;
};

/// The training brains' percentiles at these levels in ascending order, each level as large as its brain.
struct PooledTissue {
  PooledTissue(const BrainTissue& tissue, const std::vector<int64_t>& levels) {
    for (const int64_t level : levels) {
      const double weight = brain_core(tissue.brain[level]).sum().item<double>() / static_cast<double>(kPercentiles);
      const Tensor quantiles = tissue.quantiles[level].contiguous();
      for (int64_t i = 0; i < kPercentiles; ++i) values.emplace_back(quantiles.data_ptr<float>()[i], weight);
      total += weight * static_cast<double>(kPercentiles);
    }
    std::sort(values.begin(), values.end());
  }
  /// The value that a share of the pixels does not exceed.
  double quantile(double share) const {
    double below = 0;
    for (const auto& [value, weight] : values)
      if ((below += weight) >= share * total) return value;
    return values.empty() ? 0 : values.back().first;
  }
  std::vector<std::pair<float, double>> values;  // with their weights
  double total = 0;                              // weight
};

/// How far this quantile of a single slice is from its mean, on average over the levels.
double usual_distance(const BrainTissue& tissue, const std::vector<int64_t>& levels, double share) {
  const auto percentile = static_cast<int64_t>(std::lround(share * static_cast<double>(kPercentiles - 1)));
  double sum = 0;
  for (const int64_t level : levels) sum += tissue.spread[level][percentile].item<double>();
  return sum / static_cast<double>(levels.size());
}

/// Moves knots up where they do not ascend by at least a little.
void make_ascending(std::vector<float>& knots) {
  for (size_t i = 1; i < knots.size(); ++i) knots[i] = std::max(knots[i], knots[i - 1] + kLeastStep);
}

Tensor interpolated(const Tensor& unit, const std::vector<float>& from, const std::vector<float>& to) {
  const Tensor xs = at::tensor(from, at::kFloat), ys = at::tensor(to, at::kFloat);
  const Tensor upper = at::searchsorted(xs, unit.contiguous()).clamp(1, xs.numel() - 1), lower = upper - 1;
  const Tensor x0 = xs.take(lower), y0 = ys.take(lower);
  const Tensor slope = (ys.take(upper) - y0) / (xs.take(upper) - x0);
  return (y0 + (unit - x0) * slope).clamp(0, 1);
}

}  // namespace

Tensor brain_core(const Tensor& brain) {
  const Tensor outside = (1 - brain.to(at::kFloat)).unsqueeze(0).unsqueeze(0);
  return at::max_pool2d(outside, {2 * kRim + 1}, {1}, {kRim})[0][0].lt(0.5);
}

std::vector<std::pair<const char*, Tensor*>> BrainTissue::parts() {
  return {{"z_mm", &z_mm},     {"brain", &brain},   {"quantiles", &quantiles},
          {"spread", &spread}, {"median", &median}, {"deviation", &deviation}};
}

int64_t BrainTissue::level_at(double z) const { return (z_mm - z).abs().argmin().item<int64_t>(); }

BrainTissue measure_tissue(const Archive& archive) {
  std::map<float, Level> levels;
  const int64_t count = archive.slices.size(0), size = archive.slices.size(1);
  Tensor of_pictures;
  for (int64_t i = 0; i < count; ++i) {
    Tensor brain = archive.brain[i];
    float z = archive.z_mm[i].item<float>();
    if (!brain.any().item<bool>()) {
      if (archive.volumes > 0) continue;  // volumes say it better, and a slice of theirs without brain has none
      if (!of_pictures.defined())
        of_pictures = template_brain(archive.preprocess, archive.templates, archive.preprocess.picture_height());
      brain = of_pictures;
      z = static_cast<float>(archive.preprocess.picture_height());
    }
    if (std::isnan(z)) continue;
    Level& level = levels[z];
    if (!level.brain.defined()) level.brain = at::zeros({size, size}, at::kFloat);
    level.brain += brain;
    level.slices.push_back(archive.slices[i]);
    level.values.push_back(archive.slices[i].masked_select(brain_core(brain)));
  }
  std::vector<float> heights;
  std::vector<Tensor> brains, quantiles, spreads, medians, deviations;
  for (const auto& [z, level] : levels) {
    const Tensor values = at::cat(level.values);
    if (static_cast<double>(values.numel()) < kLeastPixels) continue;
    heights.push_back(z);
    const Tensor slices = at::stack(level.slices);
    brains.push_back((level.brain * 2).ge(static_cast<double>(slices.size(0))).to(at::kByte));
    quantiles.push_back(percentiles_of(values));
    spreads.push_back(spread_of(level.values));
    medians.push_back(gray_levels(std::get<0>(slices.median(0))));
    deviations.push_back(gray_levels(slices.std(0, /*unbiased=*/false)));
  }
  if (heights.empty()) fail_input("there is no brain in the {} slices", count);
  return {at::tensor(heights, at::kFloat),
          at::stack(brains),
          at::stack(quantiles),
          at::stack(spreads),
          at::stack(medians),
          at::stack(deviations)};
}

void check_tissue(const BrainTissue& tissue, int64_t size) {
  const int64_t levels = tissue.z_mm.numel();
  const auto refuse = [](const char* what, const Tensor& t) {
    fail_input("its {} of brain tissue are {} {}", what, std::string(t.dtype().name()), shape_text(t.sizes()));
  };
  if (tissue.z_mm.scalar_type() != at::kFloat || tissue.z_mm.dim() != 1 || levels < 1 || levels > kMostLevels)
    refuse("heights", tissue.z_mm);
  for (const auto& [what, pictures] :
       {std::pair{"masks", &tissue.brain}, {"medians", &tissue.median}, {"deviations", &tissue.deviation}})
    if (pictures->scalar_type() != at::kByte || pictures->sizes() != at::IntArrayRef({levels, size, size}))
      refuse(what, *pictures);
  for (const auto& [what, percentiles] : {std::pair{"quantiles", &tissue.quantiles}, {"spreads", &tissue.spread}})
    if (percentiles->scalar_type() != at::kFloat || percentiles->sizes() != at::IntArrayRef({levels, kPercentiles}))
      refuse(what, *percentiles);
  // NaN fails the comparisons.
  if (!tissue.quantiles.ge(0).all().item<bool>() || !tissue.quantiles.le(1).all().item<bool>() ||
      !tissue.quantiles.diff().ge(0).all().item<bool>() || !tissue.spread.ge(0).all().item<bool>() ||
      !at::isfinite(tissue.z_mm).all().item<bool>() || !tissue.z_mm.diff().gt(0).all().item<bool>() ||
      tissue.brain.max().item<int>() > 1)
    fail_input("its brain tissue has heights or quantiles that do not ascend, or values that cannot be");
}

ToneCurve::ToneCurve(std::vector<float> from, std::vector<float> to) : from_(std::move(from)), to_(std::move(to)) {
  make_ascending(from_);
  make_ascending(to_);
}

Tensor ToneCurve::apply(const Tensor& unit) const { return changes() ? interpolated(unit, from_, to_) : unit; }
Tensor ToneCurve::undo(const Tensor& unit) const { return changes() ? interpolated(unit, to_, from_) : unit; }

ToneCurve match_tissue(const BrainTissue& tissue, const std::vector<double>& landmarks,
                       const std::vector<Tensor>& slices, const std::vector<double>& z_mm) {
  if (landmarks.empty() || !tissue.known()) return {};
  std::vector<Tensor> values;
  std::vector<int64_t> levels;
  for (size_t i = 0; i < slices.size(); ++i) {
    const int64_t level = tissue.level_at(z_mm[i]);
    const Tensor inside = slices[i].masked_select(brain_core(tissue.brain[level]));
    if (inside.numel() == 0) continue;
    values.push_back(inside);
    levels.push_back(level);
  }
  if (values.empty()) return {};
  const Tensor all = at::cat(values);
  if (static_cast<double>(all.numel()) < kLeastPixels) return {};
  const PooledTissue trained(tissue, levels);
  std::vector<float> from{0}, to{0};
  for (const double share : landmarks) {
    const double here = quantile_of(all, share), away = trained.quantile(share) - here;
    const double moved = std::max(0.0, std::abs(away) - usual_distance(tissue, levels, share));
    from.push_back(static_cast<float>(here));
    to.push_back(static_cast<float>(here + std::copysign(moved, away)));
  }
  if (from.back() - from[1] < kLeastContrast) return {};
  if (from == to) return {};
  // What is brighter than the last landmark goes on as steeply as before it, but no more steeply than the whole.
  const size_t last = from.size() - 1;
  const float slope = std::min((to[last] - to[last - 1]) / std::max(from[last] - from[last - 1], kLeastStep),
                               to[last] / std::max(from[last], kLeastStep));
  from.push_back(from[last] + 1);
  to.push_back(to[last] + std::max(slope, 0.05F));
  return {std::move(from), std::move(to)};
}

}  // namespace thor
