// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/bootstrap.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "thor/base/random.h"
#include "thor/image/quantile.h"

namespace thor {

Interval bootstrap(size_t cases, const CaseStatistic& statistic, const EvaluationConfig& config) {
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  if (cases == 0) return {kUndefined, kUndefined, kUndefined};
  std::vector<size_t> drawn(cases);
  std::iota(drawn.begin(), drawn.end(), size_t{0});
  const double whole = statistic(drawn);
  Random random({static_cast<uint64_t>(config.seed), cases, 0, Purpose::Bootstrap, 0});
  std::vector<double> values;
  for (int64_t i = 0; i < config.resamples; ++i) {
    for (size_t& one : drawn) one = static_cast<size_t>(random.below(cases));
    if (const double value = statistic(drawn); !std::isnan(value)) values.push_back(value);
  }
  if (values.empty()) return {whole, kUndefined, kUndefined};
  const Tensor all = at::tensor(values, at::kDouble);
  return {whole, percentile_of(all, 2.5), percentile_of(all, 97.5)};
}

Interval bootstrap_mean(const std::vector<double>& values, const EvaluationConfig& config) {
  const auto mean = [&](const std::vector<size_t>& drawn) {
    double sum = 0;
    for (const size_t one : drawn) sum += values[one];
    return sum / static_cast<double>(drawn.size());
  };
  return bootstrap(values.size(), mean, config);
}

}  // namespace thor
