// SPDX-License-Identifier: Apache-2.0
// The two directions of fused_group_norm; x and dy are channels-last.
#pragma once
#include "thor/nn/kernel/norm_silu.h"

namespace thor {

struct Normalized {
  Tensor y;
  /// What the way back needs of each image, float32 [N,3,C]: the mean of the channel's group less the offset, the
  /// inverse deviation of the group, and what the channel's mean exceeds that of its group by.
  Tensor statistics;
};

Normalized normalize_forward(const NormParameters& norm, const Tensor& x, const Tensor& offset, bool silu);

struct NormGradients {
  Tensor x, weight, bias;
  Tensor offset;  ///< float32 [N,C]
};

/// The gradients of a loss from that of y.
NormGradients normalize_backward(const NormParameters& norm, const Tensor& x, const Tensor& statistics,
                                 const Tensor& dy, bool silu);

}  // namespace thor
