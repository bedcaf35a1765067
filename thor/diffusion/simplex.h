// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "thor/base/tensor.h"

namespace thor {

/// OpenSimplex noise (Kurt Spencer's public-domain algorithm of 2014, METHODS 3).
/// It is immutable: any number of threads may use one object.
class OpenSimplex {
 public:
  explicit OpenSimplex(int64_t seed);
  double noise2(double x, double y) const;
  double noise3(double x, double y, double z) const;
  const std::array<int16_t, 256>& permutation() const { return perm_; }
  const std::array<int16_t, 256>& gradient_index3() const { return perm_grad_index3_; }

 private:
  std::array<int16_t, 256> perm_{}, perm_grad_index3_{};
};

/// Returns the sum of octaves in plane T, float64 [H,W], at the coordinates (x/f, y/f, T/f). From octave to octave f is
/// halved and the amplitude is multiplied by the persistence.
Tensor simplex_octaves(const OpenSimplex& noise, int64_t height, int64_t width, int64_t plane, int64_t octaves,
                       double persistence, double frequency);

}  // namespace thor
