// SPDX-License-Identifier: Apache-2.0
// Private to this room: the smallest value of a smooth function of a few parameters.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

namespace thor {

/// The value at `x`; fills `gradient` (of x's length). Infinite where x is not allowed.
using Objective = std::function<double(const std::vector<double>& x, std::vector<double>& gradient)>;

struct MinimizeOptions {
  int64_t iterations = 100;
  double longest_step = 1;      ///< in the units of x, also the length of the first
  double shortest_step = 0.01;  ///< ends where steps get shorter
};
/// Moves x to a minimum by BFGS with backtracking (Nocedal and Wright, Numerical Optimization, ch. 6); returns the
/// value there, which is never above the value at the start.
double minimize(const Objective& objective, std::vector<double>& x, const MinimizeOptions& options);

}  // namespace thor
