// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

struct NormParameters {
  Tensor weight, bias;  ///< float32 [C]
  int64_t groups = 1;   ///< divides C
  double eps = 1e-6;
};

/// GroupNorm, with `silu` followed by SiLU, in two passes over the image and nothing in between; `offset` [N,C], if
/// defined, is added to every pixel first. Statistics are float32 in blocks of pixels of a fixed size, summed in double
/// in a fixed order, so the result, and its gradients, are the same on any number of threads. On a CPU. Differentiable
/// once, in x, offset, weight and bias.
/// x [N,C,H,W] float32 or bfloat16, best in channels-last -> the same shape and type, in channels-last
Tensor fused_group_norm(const NormParameters& norm, const Tensor& x, const Tensor& offset, bool silu);
/// Whether x is something that it can take.
bool can_fuse_group_norm(const Tensor& x);

}  // namespace thor
