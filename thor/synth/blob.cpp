// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/blob.h"

#include <cmath>

namespace thor {
namespace {

constexpr int kCoarseCells = 8, kFineCells = 18;
constexpr double kCoarse = 0.28, kFine = 0.12;  // of the radius

}  // namespace

Blob::Blob(Random& random, const BlobShape& shape)
    : shape_(shape),
      angle_(random.uniform(0, M_PI)),
      stretch_(random.uniform(1, shape.stretch_max)),
      coarse_(random, kCoarseCells),
      fine_(random, kFineCells) {}

double Blob::operator()(double x, double y) const {
  const double c = std::cos(angle_), s = std::sin(angle_), dx = x - shape_.x, dy = y - shape_.y;
  const double u = (c * dx + s * dy) / (shape_.radius * stretch_);
  const double v = (c * dy - s * dx) * stretch_ / shape_.radius;
  return 1 - std::sqrt(u * u + v * v) + kCoarse * coarse_(u / 2, v / 2) + kFine * fine_(u / 2, v / 2);
}

}  // namespace thor
