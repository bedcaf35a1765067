// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/kolmogorov.h"

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"

namespace thor {

double ks_statistic(std::vector<double> a, std::vector<double> b) {
  if (a.empty() || b.empty()) fail(ErrorKind::Internal, "samples of {} and {} values to compare", a.size(), b.size());
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double farthest = 0;
  for (size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    const double value = std::min(a[i], b[k]);
    while (i < a.size() && a[i] <= value) ++i;
    while (k < b.size() && b[k] <= value) ++k;
    farthest = std::max(farthest, std::abs(static_cast<double>(i) / static_cast<double>(a.size()) -
                                           static_cast<double>(k) / static_cast<double>(b.size())));
  }
  return farthest;
}

double ks_critical(size_t n, size_t m) {
  const auto a = static_cast<double>(n), b = static_cast<double>(m);
  return 1.358 * std::sqrt((a + b) / (a * b));
}

}  // namespace thor
