// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/random.h"

namespace thor {

/// A smooth random function of the plane: normal numbers on a lattice, interpolated by cubic B-splines. It has mean 0
/// and standard deviation about 1, and is twice continuously differentiable.
class SmoothNoise {
 public:
  /// Uses `cells` lattice cells per axis on the square [-1.5,1.5]; positions outside take the value at its edge.
  SmoothNoise(Random& random, int cells);
  double operator()(double x, double y) const;

 private:
  int cells_;
  std::vector<float> lattice_;  // (cells + 3) squared
};

}  // namespace thor
