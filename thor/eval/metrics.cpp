// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/metrics.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"
#include "thor/eval/ranking.h"

namespace thor {
namespace {

/// Map values of the healthy and of the lesion's pixels, as the map stores them.
struct Pixels {
  std::vector<float> negative, positive;
};

Pixels pixels_of(const Tensor& map, const Tensor& truth) {
  if (map.numel() != truth.numel())
    fail(ErrorKind::Internal, "map {} and truth {} differ in size", shape_text(map.sizes()), shape_text(truth.sizes()));
  const Tensor values = map.to(at::kFloat).contiguous(), lesion = truth.gt(0).contiguous();
  const float* value = values.data_ptr<float>();
  const bool* in_lesion = lesion.data_ptr<bool>();
  Pixels pixels;
  for (int64_t i = 0; i < values.numel(); ++i) {
    if (!std::isfinite(value[i])) fail_input("the map has values that are not finite numbers");
    (in_lesion[i] ? pixels.positive : pixels.negative).push_back(value[i]);
  }
  return pixels;
}

/// The thresholds of NumPy's linspace(0, 1, count), to the last bit.
std::vector<double> thresholds_between_0_and_1(int64_t count) {
  std::vector<double> thresholds;
  const double step = 1.0 / static_cast<double>(count - 1);
  for (int64_t i = 0; i < count; ++i) thresholds.push_back(static_cast<double>(i) * step);
  thresholds.back() = 1;
  return thresholds;
}

/// How many values exceed each threshold. The comparison is made in double precision.
std::vector<double> counts_above(const std::vector<float>& values, const std::vector<double>& thresholds) {
  std::vector<double> counts(thresholds.size() + 1, 0);
  // First by how many thresholds each value exceeds, which the even spacing gives up to one step either way.
  const auto last = static_cast<double>(thresholds.size());
  for (const float value : values) {
    auto exceeded = static_cast<size_t>(std::clamp(std::floor(value * (last - 1)) + 1, 0.0, last));
    while (exceeded > 0 && !(value > thresholds[exceeded - 1])) --exceeded;
    while (exceeded < thresholds.size() && value > thresholds[exceeded]) ++exceeded;
    ++counts[exceeded];
  }
  for (size_t i = thresholds.size(); i > 0; --i) counts[i - 1] += counts[i];
  return {counts.begin() + 1, counts.end()};
}

Areas areas_of(const Tensor& map, const Tensor& truth) {
  Pixels pixels = pixels_of(map, truth);
  return areas_under_curves(pixels.negative, pixels.positive);
}

}  // namespace

double dice_of_counts(double hits, double predicted, double truth) {
  return predicted + truth > 0 ? 2 * hits / (predicted + truth) : 0;
}

double dice(const Tensor& map, const Tensor& truth, double threshold) {
  const Pixels pixels = pixels_of(map, truth);
  const auto above = [&](const std::vector<float>& values) {
    return static_cast<double>(std::count_if(values.begin(), values.end(), [&](float v) { return v > threshold; }));
  };
  const double hits = above(pixels.positive);
  return dice_of_counts(hits, hits + above(pixels.negative), static_cast<double>(pixels.positive.size()));
}

std::vector<double> dice_curve(const Tensor& map, const Tensor& truth, int64_t thresholds) {
  if (thresholds < 2) fail(ErrorKind::Internal, "a Dice curve needs at least 2 thresholds, not {}", thresholds);
  const Pixels pixels = pixels_of(map, truth);
  const auto grid = thresholds_between_0_and_1(thresholds);
  const auto hits = counts_above(pixels.positive, grid), wrong = counts_above(pixels.negative, grid);
  std::vector<double> curve;
  for (size_t i = 0; i < grid.size(); ++i)
    curve.push_back(dice_of_counts(hits[i], hits[i] + wrong[i], static_cast<double>(pixels.positive.size())));
  return curve;
}

BestDice best_dice(const Tensor& map, const Tensor& truth, int64_t thresholds) {
  const auto curve = dice_curve(map, truth, thresholds);
  const auto best = std::max_element(curve.begin(), curve.end());
  return {*best, thresholds_between_0_and_1(thresholds)[static_cast<size_t>(best - curve.begin())]};
}

double average_precision(const Tensor& map, const Tensor& truth) { return areas_of(map, truth).auprc; }

double auroc(const Tensor& map, const Tensor& truth) { return areas_of(map, truth).auroc; }

}  // namespace thor
