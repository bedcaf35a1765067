// SPDX-License-Identifier: Apache-2.0
#include "thor/image/register/foreground.h"

#include <ATen/ATen.h>

namespace thor {

double otsu_threshold(const Tensor& values) {
  constexpr int64_t kBins = 256;
  const double low = values.min().item<double>(), high = values.max().item<double>();
  if (!(high > low)) return low;
  const Tensor counts = at::histc(values.to(at::kFloat), kBins, low, high).to(at::kDouble);
  const Tensor centres = low + (high - low) / kBins * (at::arange(kBins, at::kDouble) + 0.5);
  const Tensor below = counts.cumsum(0), sum_below = (counts * centres).cumsum(0);  // of a threshold after bin i
  const Tensor above = below[-1] - below, sum_above = sum_below[-1] - sum_below;
  const Tensor gap = sum_below / below - sum_above / above;
  const Tensor between = at::nan_to_num(below * above * gap.square(), -1, -1, -1);
  return low + (high - low) / kBins * static_cast<double>(between.argmax().item<int64_t>() + 1);
}

}  // namespace thor
