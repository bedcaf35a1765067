// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/eval/localization.h"

namespace thor {
namespace {

constexpr double kRounding = 1e-12;  // of a mean of shares: a tie at the rate keeps to it

float float_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

}  // namespace

double mean_share_above(const std::vector<Tensor>& maps, double threshold) {
  double sum = 0;
  for (const Tensor& map : maps) sum += map.gt(threshold).sum().item<double>() / static_cast<double>(map.numel());
  return sum / static_cast<double>(maps.size());
}

double threshold_at_rate(const std::vector<Tensor>& maps, double rate) {
  if (!(rate >= 0 && rate < 1)) fail_usage("a false-positive rate of {} is not in [0, 1)", rate);
  if (maps.empty()) fail_input("a threshold needs at least one healthy map");
  float highest = 0;
  for (const Tensor& map : maps) {
    if (map.min().item<float>() < 0) fail_input("a healthy map has negative values; anomaly maps are at least 0");
    highest = std::max(highest, map.max().item<float>());
  }
  // The share falls with the threshold, and floats >= 0 are ordered as their bit patterns are: bisection over the
  // patterns ends at the exact value.
  uint32_t low = 0, high = bits_of(highest);
  while (low < high) {
    throw_if_interrupted();
    const uint32_t middle = low + (high - low) / 2;
    if (mean_share_above(maps, float_of(middle)) <= rate * (1 + kRounding))
      high = middle;
    else
      low = middle + 1;
  }
  return float_of(high);
}

LocalizationScore score_boxes(const Tensor& map, const Tensor& inside, const Tensor& outside, double threshold) {
  const double pixels = inside.sum().item<double>();
  LocalizationScore score;
  score.share = map.gt(threshold).logical_and(inside).sum().item<double>() / pixels;
  score.found = score.share > kFoundShare;
  const auto sum_in = [&](const Tensor& mask) { return (map * mask).sum(at::kDouble).item<double>(); };
  const double times = std::floor(sum_in(outside) / std::max(sum_in(inside), 1.0));
  score.false_positives = static_cast<int64_t>(std::min(times, static_cast<double>(kMaxFalsePositives)));
  score.recall = score.found ? 1 : 0;
  score.precision = score.recall / std::max(score.recall + static_cast<double>(score.false_positives), 1.0);
  score.f1 = score.found ? 2 * score.precision * score.recall / (score.precision + score.recall) : 0;
  return score;
}

}  // namespace thor
