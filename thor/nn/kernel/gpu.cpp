// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/kernel/gpu.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <torch/version.h>

#include "thor/base/error.h"

namespace thor {

#if TORCH_VERSION_MAJOR >= 2
bool has_fused_attention(const Tensor& q) { return q.is_cuda(); }

Tensor fused_attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads) {
  const auto split = [&](const Tensor& t) {  // -> [N,heads,P,d]
    return t.view({t.size(0), t.size(1), heads, t.size(2) / heads}).transpose(1, 2);
  };
  return at::scaled_dot_product_attention(split(q), split(k), split(v)).transpose(1, 2).reshape(q.sizes());
}
#else
bool has_fused_attention(const Tensor&) { return false; }

Tensor fused_attention(const Tensor& q, const Tensor&, const Tensor&, int64_t) {
  fail(ErrorKind::Internal, "libtorch {} has no fused attention for {}", TORCH_VERSION, shape_text(q.sizes()));
}
#endif

void compute_in_full_float32() {
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setAllowTF32CuDNN(false);
}

Tensor sent_to(const Tensor& values, at::Device device) {
  if (!device.is_cuda()) return values.to(device);
  // Only from pinned memory a copy does not make the CPU wait for all work of the GPU before it.
  return values.pin_memory().to(device, values.scalar_type(), /*non_blocking=*/true);
}

}  // namespace thor
