// SPDX-License-Identifier: Apache-2.0
// The two directions of fused_group_norm; x and dy are channels-last.
#pragma once
#include "thor/nn/kernel/norm_silu.h"

namespace thor {

struct Normalized {
  Tensor y;
  /// Statistics for the backward pass, float32 [N,3,C]: mean of the channel's group minus the offset, inverse standard
  /// deviation of the group, and mean of the channel minus mean of its group.
  Tensor statistics;
};

Normalized normalize_forward(const NormParameters& norm, const Tensor& x, const Tensor& offset, bool silu);

struct NormGradients {
  Tensor x, weight, bias;
  Tensor offset;  ///< float32 [N,C]
};

/// Returns the gradients of a loss from its gradient in y.
NormGradients normalize_backward(const NormParameters& norm, const Tensor& x, const Tensor& statistics,
                                 const Tensor& dy, bool silu);

}  // namespace thor
