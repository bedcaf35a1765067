// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/smooth_noise.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace thor {
namespace {

/// Weights of the four lattice points around a place that lies `f` past the second.
std::array<double, 4> b_spline(double f) {
  const double g = 1 - f;
  return {g * g * g / 6, (4 - 6 * f * f + 3 * f * f * f) / 6, (4 - 6 * g * g + 3 * g * g * g) / 6, f * f * f / 6};
}

}  // namespace

SmoothNoise::SmoothNoise(Random& random, int cells)
    : cells_(cells), lattice_(static_cast<size_t>((cells + 3) * (cells + 3))) {
  random.fill_normal(lattice_.data(), lattice_.size());
}

double SmoothNoise::operator()(double x, double y) const {
  constexpr double kGain = 2.09;  // the spline's averaging shrinks the deviation to 0.479 of the lattice's
  const auto place = [&](double v) { return std::clamp((v + 1.5) / 3 * cells_, 0.0, cells_ - 1e-9); };
  const double px = place(x), py = place(y);
  const int column = static_cast<int>(px), row = static_cast<int>(py);
  const auto wx = b_spline(px - column), wy = b_spline(py - row);
  double sum = 0;
  for (size_t j = 0; j < 4; ++j) {
    const float* line = lattice_.data() + (static_cast<size_t>(row) + j) * static_cast<size_t>(cells_ + 3) + column;
    sum += wy[j] * (wx[0] * line[0] + wx[1] * line[1] + wx[2] * line[2] + wx[3] * line[3]);
  }
  return kGain * sum;
}

}  // namespace thor
