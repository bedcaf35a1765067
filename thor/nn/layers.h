// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/error.h"
#include "thor/base/tensor.h"
#include "thor/nn/weights/weights.h"

namespace thor {

/// Applies a convolution with the parameters at `w`, in the dtype of its weight. [N,Cin,H,W] -> [N,Cout,H',W']
Tensor conv(const Scope& w, const Tensor& x, int64_t stride = 1, int64_t padding = 1);
/// Applies the linear layer x W^T + b in the dtype of the weight. [...,Cin] -> [...,Cout]
Tensor linear(const Scope& w, const Tensor& x);
/// Applies GroupNorm with eps 1e-6 and float32 statistics for every dtype of x (libtorch 1.13 accumulates bfloat16 in
/// bfloat16). The result has the dtype of x on a CPU, else float32.
Tensor group_norm(const Scope& w, const Tensor& x, int64_t groups);
/// Applies GroupNorm to x + offset, then SiLU. x [N,C,H,W], offset [N,C] or undefined
Tensor group_norm_silu(const Scope& w, const Tensor& x, const Tensor& offset, int64_t groups);

/// Casts weights for computation in `dtype`, except those of the norms; 4D weights become channels-last. It is
/// differentiable, so that float32 master weights receive the gradients: mixed precision without autocast.
StateDict cast_weights(const StateDict& weights, at::ScalarType dtype);

}  // namespace thor
