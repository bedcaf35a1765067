// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Computes softmax(q k^T / sqrt(d)) v for each head; the heads are adjacent in the channels, d = C / heads. It uses
/// the tiled kernel if no gradients are required and the processor supports it. q, k, v [N,P,C] -> [N,P,C]
Tensor attention_of_heads(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads);

}  // namespace thor
