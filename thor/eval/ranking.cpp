// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/ranking.h"

#include <algorithm>
#include <functional>
#include <limits>

namespace thor {

void Ranking::next(double positives, double negatives) {
  ordered_pairs_ += negatives * (hits_ + positives / 2);
  hits_ += positives;
  found_ += positives + negatives;
  if (positives > 0) precision_sum_ += positives / positives_ * (hits_ / found_);
}

Areas Ranking::areas() const {
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  return {positives_ > 0 ? precision_sum_ : kUndefined,
          positives_ > 0 && negatives_ > 0 ? ordered_pairs_ / (positives_ * negatives_) : kUndefined};
}

Areas areas_under_curves(std::vector<float>& negative, std::vector<float>& positive) {
  std::sort(negative.begin(), negative.end(), std::greater<>());
  std::sort(positive.begin(), positive.end(), std::greater<>());
  Ranking ranking(static_cast<double>(positive.size()), static_cast<double>(negative.size()));
  for (size_t n = 0, p = 0; n < negative.size() || p < positive.size();) {
    const bool from_positive = n == negative.size() || (p < positive.size() && positive[p] > negative[n]);
    const float value = from_positive ? positive[p] : negative[n];
    const size_t p0 = p, n0 = n;
    while (p < positive.size() && positive[p] == value) ++p;
    while (n < negative.size() && negative[n] == value) ++n;
    ranking.next(static_cast<double>(p - p0), static_cast<double>(n - n0));
  }
  return ranking.areas();
}

}  // namespace thor
