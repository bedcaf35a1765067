// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Whether a computation with `weight` must round the same whatever the number of threads: float32 on the CPU without
/// gradients, that is detection. A chain of hundreds of steps makes visible differences of what begins as rounding.
bool must_be_deterministic(const Tensor& weight);

/// a b + bias with the same rounding on any number of threads: blocks of rows of a fixed size, each multiplied by one
/// thread. BLAS and oneDNN choose pieces and kernels by the number of threads, and those round differently. float32,
/// any strides, not differentiable. a [M,K], b [K,N], bias [N] or undefined -> [M,N]
Tensor deterministic_product(const Tensor& a, const Tensor& b, const Tensor& bias = {});
/// The same for batches: a [B,M,K], b [B,K,N] -> [B,M,N]
Tensor deterministic_batch_product(const Tensor& a, const Tensor& b);

/// Convolution as libtorch's; where it must be steady and keeps the image's size, by blocks of rows too.
/// x [N,Cin,H,W], weight [Cout,Cin,k,k], bias [Cout] or undefined -> [N,Cout,H',W']
Tensor convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t stride, int64_t padding);

}  // namespace thor
