// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/false_lesions.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "thor/base/error.h"
#include "thor/eval/calibrate.h"
#include "thor/pipeline/lesion_table.h"

namespace thor {
namespace {

constexpr double kWorst = 5;           // times the limit: so many false lesions of one scan are counted at most
constexpr double kLargestShare = 0.1;  // of the region: thresholds that more of it exceeds are not looked at
constexpr double kFinerBy = 0.9;       // each threshold is exceeded by so much less of the region than the one before

/// Candidates in descending order: the largest value, which nothing exceeds, then values that more and more exceed.
std::vector<double> candidates(const MapSet& healthy, const SlicesOfScans& scans) {
  std::vector<Tensor> all;
  for (const auto& slices : scans) all.push_back(counted_values(healthy, slices));
  const Tensor sorted = std::get<0>(at::cat(all).sort(0, /*descending=*/true));
  std::vector<double> values{sorted[0].item<double>()};
  const auto count = static_cast<double>(sorted.numel());
  for (double above = 1; above < kLargestShare * count; above = std::max(above + 1, above / kFinerBy))
    if (const double value = sorted[static_cast<int64_t>(above)].item<double>(); value < values.back())
      values.push_back(value);
  return values;
}

}  // namespace

std::vector<double> false_lesion_limits(double asked) {
  if (!(asked >= 0) || !std::isfinite(asked))
    fail_usage("{} false lesions are asked for, expected a positive number, e.g. 1", asked);
  std::set<double> limits{0.5, 1, 2};
  if (asked > 0) limits.insert(asked);
  return {limits.begin(), limits.end()};
}

int64_t lesions_above(const MapSet& set, const std::vector<size_t>& slices, double threshold) {
  std::vector<Tensor> stack;
  for (const size_t i : slices) {
    const Tensor map = set.maps[static_cast<int64_t>(i)];
    stack.push_back(set.region.defined() ? map * set.region[static_cast<int64_t>(i)] : map);
  }
  const Tensor map = at::stack(stack);
  Tensor mask = map.gt(threshold).to(at::kByte);
  const std::vector<Lesion> pieces = find_lesions(mask, map, {});
  return std::count_if(pieces.begin(), pieces.end(),
                       [](const Lesion& piece) { return piece.voxels >= kLeastLesionPixels; });
}

std::optional<double> false_lesion_threshold(const MapSet& healthy, double most) {
  const SlicesOfScans scans = by_scan(healthy);
  const double worst = kWorst * most;
  std::vector<double> counts(scans.size(), 0);
  std::optional<double> threshold;
  for (const double candidate : candidates(healthy, scans)) {
    double sum = worst;
    for (size_t i = 0; i < scans.size(); ++i) {
      const auto here = static_cast<double>(lesions_above(healthy, scans[i], candidate));
      counts[i] = std::max(counts[i], std::min(here, worst));
      sum += counts[i];
    }
    if (sum > most * static_cast<double>(scans.size() + 1)) break;
    threshold = candidate;
  }
  return threshold;
}

}  // namespace thor
