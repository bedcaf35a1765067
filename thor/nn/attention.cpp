// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/attention.h"

#include <ATen/ATen.h>

#include <cmath>

#include "thor/nn/kernel/deterministic.h"
#include "thor/nn/kernel/gpu.h"
#include "thor/nn/kernel/tiled_attention.h"

namespace thor {

Tensor attention_of_heads(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads) {
  if (can_tile_attention(q)) return tiled_attention(q, k, v, heads);
  if (has_fused_attention(q)) return fused_attention(q, k, v, heads);
  const auto n = q.size(0), pixels = q.size(1), c = q.size(2), d = c / heads;
  const auto split = [&](const Tensor& x) {  // -> [N*heads,P,d]
    return x.view({n, pixels, heads, d}).transpose(1, 2).reshape({n * heads, pixels, d});
  };
  const auto multiply = must_be_deterministic(q) ? deterministic_batch_product : at::bmm;
  const Tensor scores = multiply(split(q) * (1 / std::sqrt(double(d))), split(k).transpose(1, 2));
  const Tensor h = multiply(at::softmax(scores, -1), split(v));
  return h.view({n, heads, pixels, d}).transpose(1, 2).reshape({n, pixels, c});
}

}  // namespace thor
