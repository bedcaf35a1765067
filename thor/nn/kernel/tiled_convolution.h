// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

struct Steps {
  int64_t stride = 1, padding = 0;
};

/// Convolves channels-last images as a sum of matrix products, one for each kernel position, without an intermediate
/// matrix. One thread computes each value in an order that depends only on the sizes, so that the bits depend neither
/// on the number of threads nor on the batch. It requires AVX-512 with bfloat16 and is not differentiable. x
/// [N,Cin,H,W] float32, weight [Cout,Cin,k,k], bias [Cout] or undefined -> [N,Cout,H',W'] in channels-last
Tensor tiled_convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, const Steps& steps);
/// Returns true if the tiled convolution is faster: supported processor, and enough channels to fill the tiles.
bool can_tile_convolution(const Tensor& weight);

}  // namespace thor
