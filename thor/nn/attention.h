// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// softmax(q k^T / sqrt(d)) v for each of the heads, which lie side by side in the channels, d = C / heads; in tiles
/// where nothing is to be learned and the processor allows it. q, k, v [N,P,C] -> [N,P,C]
Tensor attention_of_heads(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads);

}  // namespace thor
