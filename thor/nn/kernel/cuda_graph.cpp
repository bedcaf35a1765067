// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/nn/kernel/gpu.h"

namespace thor {
namespace {

/// Runs before recording in which libraries choose their kernels and take their memory.
constexpr int kWarmUps = 3;

class CudaGraph : public Recording {
 public:
  CudaGraph(const std::vector<Tensor>& inputs, const Computation& compute) {
    const at::NoGradGuard no_grad;
    // Nothing may be recorded on the default stream.
    const c10::cuda::CUDAStreamGuard aside(c10::cuda::getStreamFromPool(false, inputs[0].device().index()));
    c10::cuda::device_synchronize();
    for (const Tensor& input : inputs) inputs_.push_back(input.clone());
    for (int i = 0; i < kWarmUps; ++i) compute(inputs_);
    c10::cuda::device_synchronize();
    graph_.capture_begin();
    try {
      output_ = compute(inputs_);
    } catch (...) {
      end_quietly();
      throw;
    }
    graph_.capture_end();
  }

  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;
  ~CudaGraph() override {
    try {  // a replay may still run in the memory that is given back
      c10::cuda::device_synchronize();
    } catch (const std::exception&) {
    }
  }

  Tensor replay(const std::vector<Tensor>& inputs) override {
    const c10::cuda::CUDAGuard on_its_device(inputs_[0].device());
    for (size_t i = 0; i < inputs_.size(); ++i) {
      if (inputs[i].sizes() != inputs_[i].sizes())
        fail(ErrorKind::Internal, "recorded for {}, replayed with {}", shape_text(inputs_[i].sizes()),
             shape_text(inputs[i].sizes()));
      inputs_[i].copy_(inputs[i], /*non_blocking=*/true);
    }
    graph_.replay();
    return output_.clone();
  }

 private:
  /// The reason why recording failed is the one worth telling.
  void end_quietly() {
    try {
      graph_.capture_end();
    } catch (const std::exception&) {
    }
  }

  at::cuda::CUDAGraph graph_;
  std::vector<Tensor> inputs_;
  Tensor output_;
};

}  // namespace

std::unique_ptr<Recording> record(const std::vector<Tensor>& inputs, const Computation& compute) {
  if (inputs.empty() || !inputs[0].is_cuda()) return nullptr;
  const c10::cuda::CUDAGuard on_its_device(inputs[0].device());
  try {
    return std::make_unique<CudaGraph>(inputs, compute);
  } catch (const c10::Error& error) {
    const std::string reason = error.what_without_backtrace();
    log_once(LogLevel::Warning, fmt::format("the network's step cannot be recorded as a CUDA graph and runs kernel by "
                                            "kernel, which is slower for small batches ({})",
                                            reason.substr(0, reason.find('\n'))));
    return nullptr;
  }
}

}  // namespace thor
