// SPDX-License-Identifier: Apache-2.0
#include "thor/data/percentile.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace thor {
namespace {

constexpr int64_t kRankBins = 1 << 16;

/// Finds order statistics by counting first, so that a volume is not copied to be sorted.
class RankedValues {
 public:
  explicit RankedValues(const Tensor& values)
      : values_(values.contiguous()),
        first_(values_.data_ptr<float>()),
        last_(first_ + values_.numel()),
        min_(values_.min().item<float>()),
        counts_(kRankBins, 0) {
    const double range = static_cast<double>(values_.max().item<float>()) - min_;
    bins_per_unit_ = range > 0 ? static_cast<double>(kRankBins - 1) / range : 0;
    for (const float* value = first_; value != last_; ++value) ++counts_[bin_of(*value)];
  }

  /// The value with so many values before it in ascending order.
  double at(int64_t rank) const {
    size_t bin = 0;
    for (; rank >= counts_[bin]; ++bin) rank -= counts_[bin];
    std::vector<float> near;
    near.reserve(static_cast<size_t>(counts_[bin]));
    std::copy_if(first_, last_, std::back_inserter(near), [&](float value) { return bin_of(value) == bin; });
    std::nth_element(near.begin(), near.begin() + rank, near.end());
    return near[static_cast<size_t>(rank)];
  }

 private:
  size_t bin_of(float value) const { return static_cast<size_t>((static_cast<double>(value) - min_) * bins_per_unit_); }

  Tensor values_;
  const float *first_, *last_;
  double min_, bins_per_unit_;
  std::vector<int64_t> counts_;
};

}  // namespace

double percentile_of(const Tensor& values, double percent) {
  const RankedValues ranked(values);
  const double place = percent / 100 * static_cast<double>(values.numel() - 1);
  const auto rank = static_cast<int64_t>(std::floor(place));
  const double below = ranked.at(rank), fraction = place - std::floor(place);
  return fraction > 0 ? below + fraction * (ranked.at(rank + 1) - below) : below;
}

}  // namespace thor
