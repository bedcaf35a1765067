// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <vector>

namespace thor {

/// Two-sample Kolmogorov-Smirnov statistic sup |F_a - F_b|; neither sample empty. In [0,1]
double ks_statistic(std::vector<double> a, std::vector<double> b);
/// What it exceeds in 5 % of samples from one population (asymptotic): 1.358 sqrt((n + m) / (n m)).
double ks_critical(size_t n, size_t m);

}  // namespace thor
