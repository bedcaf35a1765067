// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "thor/base/tensor.h"
#include "thor/nn/kernel/norm_silu.h"

namespace thor {

// Kernels of this program for NVIDIA GPUs. If libtorch was built without CUDA, none of them is available, the
// predicates return false, and the operators of libtorch are used.

/// Returns true if gpu_group_norm supports x: on a GPU, float32 or bfloat16.
bool can_gpu_group_norm(const NormParameters& norm, const Tensor& x);
/// Computes fused_group_norm of a supported x on its GPU. It is differentiable once, in x, offset, weight and bias.
Tensor gpu_group_norm(const NormParameters& norm, const Tensor& x, const Tensor& offset, bool silu);

/// Returns true if fused_attention supports q: on a GPU, with libtorch 2.
bool has_fused_attention(const Tensor& q);
/// Computes softmax(q k^T / sqrt(d)) v for each head without storing the scores (flash attention, Dao et al. 2022, if
/// GPU and dtype allow); the heads are adjacent in the channels, d = C / heads. It is differentiable. [N,P,C] three
/// times -> [N,P,C]
Tensor fused_attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads);

/// A computation on tensors of fixed shapes that is recorded once as a CUDA graph and replayed, so that the GPU does
/// not wait for the CPU to start several hundred kernels one by one.
/// One object serves one thread at a time.
class Recording {
 public:
  virtual ~Recording() = default;
  /// Replays the computation for inputs of the recorded shapes. -> a new tensor
  virtual Tensor replay(const std::vector<Tensor>& inputs) = 0;
};
using Computation = std::function<Tensor(const std::vector<Tensor>&)>;
/// Records a computation. Returns null if `inputs` are not on a GPU or recording fails, e.g. because a value is read
/// back, with a single log message. The computation runs a few times before, so it must have no effect but its result.
std::unique_ptr<Recording> record(const std::vector<Tensor>& inputs, const Computation& compute);

/// Disables TF32 (10 bits) for float32 products in the whole process, so that results of CPU and GPU differ by float32
/// rounding only.
void compute_in_full_float32();

/// Copies a tensor from the CPU to `device` asynchronously; for noise that is drawn at each step.
Tensor sent_to(const Tensor& values, at::Device device);

}  // namespace thor
