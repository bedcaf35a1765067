// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

struct Steps {
  int64_t stride = 1, padding = 0;
};

/// Convolution of channels-last images as sums of products, one for each place of the kernel, straight from the image
/// into the result. Every value is computed by one thread in an order that depends on the sizes alone, so its bits
/// depend neither on the number of threads nor on the batch. On a CPU with AVX-512 and its bfloat16, not
/// differentiable. x [N,Cin,H,W] float32, weight [Cout,Cin,k,k], bias [Cout] or undefined -> [N,Cout,H',W'] in
/// channels-last
Tensor tiled_convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, const Steps& steps);
/// Whether it is fast here: the processor, and channels that fill the tiles.
bool can_tile_convolution(const Tensor& weight);

}  // namespace thor
