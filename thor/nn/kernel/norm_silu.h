// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

struct NormParameters {
  Tensor weight, bias;  ///< float32 [C]
  int64_t groups = 1;   ///< divides C
  double eps = 1e-6;
};

/// Computes GroupNorm, followed by SiLU if `silu` is set, in two passes over the image without intermediate tensors.
/// `offset` [N,C], if defined, is added to every pixel first. Statistics are accumulated in float32 over blocks of
/// pixels of a fixed size and in double over the blocks in a fixed order, so that result and gradients are independent
/// of the number of threads. It runs on a CPU and is differentiable once, in x, offset, weight and bias. x [N,C,H,W]
/// float32 or bfloat16, best in channels-last -> the same shape and type, in channels-last
Tensor fused_group_norm(const NormParameters& norm, const Tensor& x, const Tensor& offset, bool silu);
/// Returns true if fused_group_norm supports x.
bool can_fuse_group_norm(const Tensor& x);

}  // namespace thor
