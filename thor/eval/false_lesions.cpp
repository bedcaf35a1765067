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

constexpr double kWorst = 5;  // times the limit: so many false lesions of one scan are counted at most
// Thresholds are powers of 2^(1/16), whatever the scans, and end far below the largest value.
constexpr double kPerOctave = 16, kOctaves = 24;

double threshold_of_rung(double rung) { return std::exp2(rung / kPerOctave); }

/// The first rung whose threshold no value of the maps exceeds.
double first_rung(const MapSet& healthy) {
  const double largest = healthy.maps.max().item<double>();
  return largest > 0 ? std::ceil(kPerOctave * std::log2(largest)) : 0;
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

double counted_lesions(int64_t lesions, double most) { return std::min(static_cast<double>(lesions), kWorst * most); }

std::optional<double> false_lesion_threshold(const MapSet& healthy, double most) {
  const SlicesOfScans scans = by_scan(healthy);
  std::vector<double> counts(scans.size(), 0);
  std::optional<double> threshold;
  const double first = first_rung(healthy);
  for (double rung = first; rung > first - kPerOctave * kOctaves; --rung) {
    double sum = kWorst * most;
    for (size_t i = 0; i < scans.size(); ++i) {
      const double here = counted_lesions(lesions_above(healthy, scans[i], threshold_of_rung(rung)), most);
      counts[i] = std::max(counts[i], here);  // pieces merge, so that a lower threshold may have fewer
      sum += counts[i];
    }
    if (sum > most * static_cast<double>(scans.size() + 1)) break;
    threshold = threshold_of_rung(rung);
  }
  return threshold;
}

}  // namespace thor
