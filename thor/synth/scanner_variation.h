// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/config.h"
#include "thor/base/random.h"
#include "thor/base/tensor.h"

namespace thor {

/// The range of simulated scanners in training; keys `train.scanner.*`. Each change applies to half of the changed
/// images, with a uniform strength (log-uniform for factors) up to the value here.
struct ScannerVariation {
  double share = 0;         ///< fraction of changed training images; 0 = off
  double rim = 2.5;         ///< largest factor on the scalp, and inverse of the smallest (fat suppression)
  double bias_field = 0.3;  ///< standard deviation of the logarithm of the bias field
  double contrast = 1.5;    ///< largest exponent, and inverse of the smallest
  double resolution = 2;    ///< largest number of pixels averaged to one, per axis
  double noise = 0.03;      ///< standard deviation of Rician noise, white = 1
  void describe(Fields& fields);
};

/// Returns the slice as from a random scanner; a healthy slice stays healthy. `image` is float32 [H,W] in [0,1],
/// `inside` the head, bool [H,W]. It is a pure function of its arguments.
Tensor vary_scanner(const ScannerVariation& variation, const Tensor& image, const Tensor& inside, StreamKey key);

}  // namespace thor
