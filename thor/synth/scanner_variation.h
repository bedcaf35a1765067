// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/config.h"
#include "thor/base/random.h"
#include "thor/base/tensor.h"

namespace thor {

/// How unlike each other the scanners are that a model is trained for; keys `train.scanner.*`. Each change is drawn for
/// half of the images that are changed at all, its strength uniform (in the logarithm for factors) up to the one here.
struct ScannerVariation {
  double share = 0;         ///< of the training images that are changed; 0 = off
  double rim = 2.5;         ///< brightest and darkest factor on the scalp, whose fat protocols suppress or not
  double bias_field = 0.3;  ///< deviation of its logarithm
  double contrast = 1.5;    ///< largest exponent; its inverse is the smallest
  double resolution = 2;    ///< most pixels that become one
  double noise = 0.03;      ///< deviation, white = 1
  void describe(Fields& fields);
};

/// The slice as some scanner might have given it: still a healthy slice. `image` float32 [H,W] in [0,1], `inside` bool
/// [H,W], the head. A pure function of its arguments.
Tensor vary_scanner(const ScannerVariation& variation, const Tensor& image, const Tensor& inside, StreamKey key);

}  // namespace thor
