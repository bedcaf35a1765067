// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/synth/smooth_noise.h"

namespace thor {

/// Parameters of a random blob.
struct BlobShape {
  double x = 0, y = 0, radius = 1;  ///< centre and radius, in the unit of the caller
  double stretch_max = 1.5;         ///< largest ratio of the longer axis to the radius
};

/// A rotated ellipse with a randomly varying radius, as a function of position: 1 at the centre, decreasing by about 1
/// per radius. A level set is one irregular region, nearly always connected.
class Blob {
 public:
  Blob(Random& random, const BlobShape& shape);
  double operator()(double x, double y) const;

 private:
  BlobShape shape_;
  double angle_, stretch_;
  SmoothNoise coarse_, fine_;
};

}  // namespace thor
