// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// softmax(q k^T / sqrt(d)) v for each of the heads, which lie side by side in the channels (d = C / heads), without
/// the scores of all pixels at once: blocks of queries meet blocks of keys and keep a running maximum and sum (Milakov
/// & Gimelshein 2018; Dao et al. 2022). Sums, softmax and accumulation are float32; bfloat16 rounds the weights of the
/// values. Every row of the result is computed by one thread in an order that depends on the sizes alone, so its bits
/// depend neither on the number of threads nor on the batch. On a CPU with AVX-512 and its bfloat16, not
/// differentiable. q, k, v [N,P,C] float32 or bfloat16, channels dense -> [N,P,C]
Tensor tiled_attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads);
/// Whether it takes q here and now: its type, its device, the processor, and no gradients wanted.
bool can_tile_attention(const Tensor& q);

}  // namespace thor
