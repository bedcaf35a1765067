// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Returns true if a computation with `weight` must be independent of the number of threads: float32 on the CPU without
/// gradients, as in detection. Over a chain of hundreds of steps rounding differences grow to visible ones.
bool must_be_deterministic(const Tensor& weight);

/// Computes a b + bias with identical rounding for any number of threads: one thread multiplies each block of rows, and
/// the block size is fixed. BLAS and oneDNN select partitions and kernels by the number of threads, which round
/// differently. The tensors are float32 with any strides; the result is not differentiable. a [M,K], b [K,N], bias [N]
/// or undefined -> [M,N]
Tensor deterministic_product(const Tensor& a, const Tensor& b, const Tensor& bias = {});
/// Computes the product for batches: a [B,M,K], b [B,K,N] -> [B,M,N]
Tensor deterministic_batch_product(const Tensor& a, const Tensor& b);

/// Applies a convolution like libtorch. If it must be deterministic and preserves the image size, it is computed by
/// blocks of rows too. x [N,Cin,H,W], weight [Cout,Cin,k,k], bias [Cout] or undefined -> [N,Cout,H',W']
Tensor convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t stride, int64_t padding);

}  // namespace thor
