// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/metrics.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "thor/base/error.h"

namespace thor {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

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

/// Pixels with one and the same map value, highest values first.
struct Tie {
  double positives = 0, negatives = 0;
};

/// Calls `visit` for every distinct map value, from the highest to the lowest.
template <class F>
void for_each_tie(Pixels pixels, F&& visit) {
  auto& [negative, positive] = pixels;
  std::sort(negative.begin(), negative.end(), std::greater<>());
  std::sort(positive.begin(), positive.end(), std::greater<>());
  for (size_t n = 0, p = 0; n < negative.size() || p < positive.size();) {
    const bool from_positive = n == negative.size() || (p < positive.size() && positive[p] > negative[n]);
    const float value = from_positive ? positive[p] : negative[n];
    Tie tie;
    for (; p < positive.size() && positive[p] == value; ++p) ++tie.positives;
    for (; n < negative.size() && negative[n] == value; ++n) ++tie.negatives;
    visit(tie);
  }
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

double dice_of(double hits, double found, double lesion) {
  return found + lesion > 0 ? 2 * hits / (found + lesion) : 0;
}

}  // namespace

double dice(const Tensor& map, const Tensor& truth, double threshold) {
  const Pixels pixels = pixels_of(map, truth);
  const auto above = [&](const std::vector<float>& values) {
    return static_cast<double>(std::count_if(values.begin(), values.end(), [&](float v) { return v > threshold; }));
  };
  const double hits = above(pixels.positive);
  return dice_of(hits, hits + above(pixels.negative), static_cast<double>(pixels.positive.size()));
}

std::vector<double> dice_curve(const Tensor& map, const Tensor& truth, int64_t thresholds) {
  if (thresholds < 2) fail(ErrorKind::Internal, "a Dice curve needs at least 2 thresholds, not {}", thresholds);
  const Pixels pixels = pixels_of(map, truth);
  const auto grid = thresholds_between_0_and_1(thresholds);
  const auto hits = counts_above(pixels.positive, grid), wrong = counts_above(pixels.negative, grid);
  std::vector<double> curve;
  for (size_t i = 0; i < grid.size(); ++i)
    curve.push_back(dice_of(hits[i], hits[i] + wrong[i], static_cast<double>(pixels.positive.size())));
  return curve;
}

BestDice best_dice(const Tensor& map, const Tensor& truth, int64_t thresholds) {
  const auto curve = dice_curve(map, truth, thresholds);
  const auto best = std::max_element(curve.begin(), curve.end());
  return {*best, thresholds_between_0_and_1(thresholds)[static_cast<size_t>(best - curve.begin())]};
}

double average_precision(const Tensor& map, const Tensor& truth) {
  const Pixels pixels = pixels_of(map, truth);
  const auto positives = static_cast<double>(pixels.positive.size());
  if (positives == 0) return kUndefined;
  double hits = 0, found = 0, sum = 0;
  for_each_tie(pixels, [&](const Tie& tie) {
    hits += tie.positives;
    found += tie.positives + tie.negatives;
    sum += tie.positives / positives * (hits / found);
  });
  return sum;
}

double auroc(const Tensor& map, const Tensor& truth) {
  const Pixels pixels = pixels_of(map, truth);
  if (pixels.positive.empty() || pixels.negative.empty()) return kUndefined;
  double hits = 0, ordered = 0;
  for_each_tie(pixels, [&](const Tie& tie) {
    ordered += tie.negatives * (hits + tie.positives / 2);
    hits += tie.positives;
  });
  return ordered / (hits * static_cast<double>(pixels.negative.size()));
}

double percentile(const Tensor& values, double q) {
  if (values.numel() == 0 || !(q >= 0 && q <= 100))
    fail(ErrorKind::Internal, "percentile {} of {} values", q, values.numel());
  const Tensor copy = values.flatten().to(at::kDouble).clone();
  double *first = copy.data_ptr<double>(), *last = first + copy.numel();
  if (!std::all_of(first, last, [](double v) { return std::isfinite(v); }))
    fail_input("the percentile of values that are not finite is not defined");
  const double place = q / 100 * static_cast<double>(copy.numel() - 1), fraction = place - std::floor(place);
  double* low = first + static_cast<int64_t>(std::floor(place));
  std::nth_element(first, low, last);
  if (low + 1 == last || fraction == 0) return *low;
  return *low + fraction * (*std::min_element(low + 1, last) - *low);
}

}  // namespace thor
