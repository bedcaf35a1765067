// SPDX-License-Identifier: Apache-2.0
// Private to this room: minimization of a smooth function of few parameters.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

namespace thor {

/// A function that returns the value at `x` and sets `gradient` (with the length of x). It is infinite outside its
/// domain.
using Objective = std::function<double(const std::vector<double>& x, std::vector<double>& gradient)>;

struct MinimizeOptions {
  int64_t iterations = 100;
  double longest_step = 1;      ///< in the units of x; also the length of the first step
  double shortest_step = 0.01;  ///< terminates when steps get shorter
};
/// Minimizes from x by BFGS with backtracking (Nocedal and Wright, Numerical Optimization, ch. 6), updates x, and
/// returns the minimum, which is never above the value at the start.
double minimize(const Objective& objective, std::vector<double>& x, const MinimizeOptions& options);

}  // namespace thor
