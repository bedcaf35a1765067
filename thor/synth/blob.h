// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/synth/smooth_noise.h"

namespace thor {

/// How a Blob is drawn.
struct BlobShape {
  double x = 0, y = 0, radius = 1;  ///< its middle and size, in the caller's unit
  double stretch_max = 1.5;         ///< the longer axis over the radius, drawn from 1 to this
};

/// A stretched, turned disc whose radius wobbles, as a function of the place: 1 in the middle, falling by about 1 per
/// radius. Where it exceeds a level is one region, irregular and nearly always connected.
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
