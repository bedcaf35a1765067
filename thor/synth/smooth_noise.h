// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/random.h"

namespace thor {

/// A smooth random function of the plane: normal numbers on a lattice, joined by cubic B-splines. Standard deviation
/// about 1, mean 0, continuous up to the second derivative.
class SmoothNoise {
 public:
  /// `cells` lattice cells along the square [-1.5,1.5]; places outside repeat its edge.
  SmoothNoise(Random& random, int cells);
  double operator()(double x, double y) const;

 private:
  int cells_;
  std::vector<float> lattice_;  // (cells + 3) squared
};

}  // namespace thor
