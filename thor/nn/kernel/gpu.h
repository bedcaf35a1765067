// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "thor/base/tensor.h"
#include "thor/nn/kernel/norm_silu.h"

namespace thor {

// What runs on an NVIDIA GPU by code of our own. A program whose libtorch has no CUDA has none of it: the questions say
// no, and libtorch's own operators do the work.

/// Whether gpu_group_norm takes x: on a GPU, float32 or bfloat16.
bool can_gpu_group_norm(const NormParameters& norm, const Tensor& x);
/// fused_group_norm of an x that it takes, on its GPU. Differentiable once, in x, offset, weight and bias.
Tensor gpu_group_norm(const NormParameters& norm, const Tensor& x, const Tensor& offset, bool silu);

/// Whether fused_attention is there for q: on a GPU, of a libtorch 2.
bool has_fused_attention(const Tensor& q);
/// softmax(q k^T / sqrt(d)) v for each of the heads, which lie side by side in the channels, d = C / heads, without
/// ever holding the scores (flash attention, Dao et al. 2022, where the GPU and the type allow). Differentiable.
/// [N,P,C] three times -> [N,P,C]
Tensor fused_attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads);

/// A computation of tensors of fixed shapes, recorded once as a CUDA graph and replayed: the GPU does not wait for the
/// CPU to start its several hundred kernels one by one.
/// One object serves one thread at a time.
class Recording {
 public:
  virtual ~Recording() = default;
  /// The computation for other values: inputs as they were recorded, of the same shapes -> a tensor of the caller's
  /// own.
  virtual Tensor replay(const std::vector<Tensor>& inputs) = 0;
};
using Computation = std::function<Tensor(const std::vector<Tensor>&)>;
/// Null where `inputs` are not on a GPU or the computation cannot be recorded, e.g. because it reads a value back; that
/// is said once. It runs a few times beforehand, so it must have no effect but its result.
std::unique_ptr<Recording> record(const std::vector<Tensor>& inputs, const Computation& compute);

/// float32 is computed as float32 on every device: without this, GPUs round products to TF32 (10 bits). The values of
/// a CPU and a GPU then differ by rounding only. For the whole process.
void compute_in_full_float32();

/// A tensor of the CPU on `device`, copied while the CPU goes on; for what is drawn anew at each step.
Tensor sent_to(const Tensor& values, at::Device device);

}  // namespace thor
