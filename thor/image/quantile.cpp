// SPDX-License-Identifier: Apache-2.0
#include "thor/image/quantile.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "thor/base/error.h"

namespace thor {
namespace {

constexpr int64_t kRankBins = 1 << 16;

/// Finds order statistics by counting first, so that a volume is not copied to be sorted.
template <class Value>
class RankedValues {
 public:
  explicit RankedValues(const Tensor& values)
      : values_(values.contiguous()),
        first_(values_.data_ptr<Value>()),
        last_(first_ + values_.numel()),
        counts_(kRankBins, 0) {
    const auto [smallest, largest] = at::aminmax(values_);
    min_ = static_cast<double>(smallest.template item<Value>());
    const double max = static_cast<double>(largest.template item<Value>());
    if (!std::isfinite(min_) || !std::isfinite(max))
      fail_input("the quantile of values that are not finite is not defined");
    const double bins_per_unit = static_cast<double>(kRankBins - 1) / (max - min_);
    bins_per_unit_ = std::isfinite(bins_per_unit) ? bins_per_unit : 0;
    for (const Value* value = first_; value != last_; ++value) ++counts_[bin_of(*value)];
  }

  /// The value with so many values before it in ascending order.
  double at(int64_t rank) const {
    size_t bin = 0;
    for (; rank >= counts_[bin]; ++bin) rank -= counts_[bin];
    std::vector<Value> near;
    near.reserve(static_cast<size_t>(counts_[bin]));
    std::copy_if(first_, last_, std::back_inserter(near), [&](Value value) { return bin_of(value) == bin; });
    std::nth_element(near.begin(), near.begin() + rank, near.end());
    return static_cast<double>(near[static_cast<size_t>(rank)]);
  }

 private:
  /// All values share one bin where their range is 0 or too large for a double.
  size_t bin_of(Value value) const {
    return bins_per_unit_ > 0 ? static_cast<size_t>((static_cast<double>(value) - min_) * bins_per_unit_) : 0;
  }

  Tensor values_;
  const Value *first_, *last_;
  double min_ = 0, bins_per_unit_ = 0;
  std::vector<int64_t> counts_;
};

template <class Value>
double quantile(const Tensor& values, double share, Between between) {
  const RankedValues<Value> ranked(values);
  const double place = share * static_cast<double>(values.numel() - 1), fraction = place - std::floor(place);
  const auto rank = static_cast<int64_t>(place);
  const double below = ranked.at(rank);
  if (between == Between::Lower || !(fraction > 0)) return below;
  return below + fraction * (ranked.at(rank + 1) - below);
}

}  // namespace

double quantile_of(const Tensor& values, double share, Between between) {
  if (values.numel() == 0 || !(share >= 0 && share <= 1))
    fail(ErrorKind::Internal, "quantile {} of {} values", share, values.numel());
  return values.scalar_type() == at::kDouble ? quantile<double>(values, share, between)
                                             : quantile<float>(values, share, between);
}

}  // namespace thor
