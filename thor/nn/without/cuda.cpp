// SPDX-License-Identifier: Apache-2.0
// Stands in for cuda_norm.cpp and cuda_graph.cpp where libtorch has no CUDA.
#include "thor/base/error.h"
#include "thor/nn/kernel/gpu.h"

namespace thor {

bool can_gpu_group_norm(const NormParameters&, const Tensor&) { return false; }

Tensor gpu_group_norm(const NormParameters&, const Tensor&, const Tensor&, bool) {
  fail(ErrorKind::Internal, "built without CUDA: there is no GroupNorm for a GPU");
}

std::unique_ptr<Recording> record(const std::vector<Tensor>&, const Computation&) { return nullptr; }

}  // namespace thor
