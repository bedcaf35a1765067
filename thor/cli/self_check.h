// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/tensor.h"

namespace thor {

/// The output [1,1,16,16] of a tiny built-in UNet (all kinds of layers, weights from fixed streams) on `device`, with
/// the network in `type` (float32 or bfloat16), as float32 on the CPU.
Tensor run_tiny_network(at::Device device, at::ScalarType type);

/// Known numbers of `run_tiny_network`: mean, standard deviation and some pixels.
struct SelfCheck {
  double error = 0;                               ///< largest difference from the known numbers
  double tolerance = 0;                           ///< 1e-4 in float32, 5e-2 in bfloat16
  bool ok() const { return error <= tolerance; }  ///< false for NaN
};
SelfCheck self_check(at::Device device, at::ScalarType type);

}  // namespace thor
