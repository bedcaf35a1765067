// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <vector>

#include "thor/eval/evaluation.h"

namespace thor {

/// A number computed from drawn cases: indices into 0..n-1, some of them repeatedly.
using CaseStatistic = std::function<double(const std::vector<size_t>&)>;

/// The statistic of all cases once, and its 95 % interval: the 2.5 and 97.5 percentiles over `config.resamples` draws
/// of `cases` cases with replacement (Efron 1979, percentile method), named by `config.seed`. Equal numbers of cases
/// get equal draws, so differences of two methods are paired. Draws in which the statistic is undefined (NaN) do not
/// count; NaN where there is no case.
Interval bootstrap(size_t cases, const CaseStatistic& statistic, const EvaluationConfig& config);

/// The bootstrap of the mean of one value a case.
Interval bootstrap_mean(const std::vector<double>& values, const EvaluationConfig& config);

}  // namespace thor
