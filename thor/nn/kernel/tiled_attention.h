// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Computes softmax(q k^T / sqrt(d)) v for each head without storing all scores; the heads are adjacent in the
/// channels, d = C / heads. Blocks of queries are combined with blocks of keys and keep a running maximum and sum
/// (Milakov & Gimelshein 2018; Dao et al. 2022). Sums, softmax and accumulation are float32; bfloat16 rounds the
/// weights of the values. One thread computes each row of the result in an order that depends only on the sizes, so
/// that the bits depend neither on the number of threads nor on the batch. It requires AVX-512 with bfloat16 and is not
/// differentiable. q, k, v [N,P,C] float32 or bfloat16, channels dense -> [N,P,C]
Tensor tiled_attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads);
/// Returns true if tiled attention supports q: dtype, device, processor, and no gradients required.
bool can_tile_attention(const Tensor& q);

}  // namespace thor
