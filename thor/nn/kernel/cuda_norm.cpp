// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/csrc/autograd/custom_function.h>

#include "thor/base/error.h"
#include "thor/nn/kernel/gpu.h"
#include "thor/nn/kernel/norm_silu_cuda.h"

namespace thor {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

cuda::NormShape norm_shape(const Tensor& x, int64_t groups) {
  return {x.size(0), x.size(2) * x.size(3), static_cast<int>(x.size(1)), static_cast<int>(groups)};
}

Tensor channels_last_like(const Tensor& x) { return at::empty(x.sizes(), x.options(), at::MemoryFormat::ChannelsLast); }

Tensor floats(const Tensor& x, at::IntArrayRef shape) { return at::empty(shape, x.options().dtype(at::kFloat)); }

void launch(const Tensor& x, const cuda::NormArguments& arguments, bool backward) {
  const c10::cuda::CUDAGuard on_its_device(x.device());
  void* stream = c10::cuda::getCurrentCUDAStream().stream();
  const char* error = backward ? cuda::launch_backward(arguments, stream) : cuda::launch_forward(arguments, stream);
  if (error) fail(ErrorKind::Internal, "GroupNorm of {} cannot run on the GPU: {}", shape_text(x.sizes()), error);
}

/// What both directions need; x is channels-last.
cuda::NormArguments arguments_of(const NormParameters& norm, const Tensor& x, const Tensor& partial,
                                 const Tensor& statistics, bool silu) {
  cuda::NormArguments a;
  a.shape = norm_shape(x, norm.groups);
  a.silu = silu;
  a.bfloat16 = x.scalar_type() == at::kBFloat16;
  a.eps = norm.eps;
  a.weight = norm.weight.data_ptr<float>();
  a.bias = norm.bias.data_ptr<float>();
  a.x = x.data_ptr();
  a.partial = partial.data_ptr<float>();
  a.statistics = statistics.data_ptr<float>();
  return a;
}

Tensor partial_sums(const Tensor& x, int64_t groups) {
  return floats(x, {x.size(0), norm_shape(x, groups).shares(), 2, x.size(1)});
}

struct GpuNormalized {
  Tensor y, statistics;
};
GpuNormalized gpu_normalize(const NormParameters& norm, const Tensor& x, const Tensor& offset, bool silu) {
  const Tensor added = offset.defined() ? offset.to(at::kFloat).contiguous() : offset;
  const Tensor partial = partial_sums(x, norm.groups), statistics = floats(x, {x.size(0), 3, x.size(1)});
  const Tensor y = channels_last_like(x);
  cuda::NormArguments a = arguments_of(norm, x, partial, statistics, silu);
  a.offset = added.defined() ? added.data_ptr<float>() : nullptr;
  a.y = y.data_ptr();
  launch(x, a, false);
  return {y, statistics};
}

/// An offset that is none has no numbers: libtorch 1.13 refuses undefined tensors here.
class GpuNormSilu : public torch::autograd::Function<GpuNormSilu> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& offset, const Tensor& weight,
                        const Tensor& bias, int64_t groups, double eps, bool silu) {
    const GpuNormalized result =
        gpu_normalize({weight, bias, groups, eps}, x, offset.numel() > 0 ? offset : Tensor(), silu);
    context->save_for_backward({x, weight, bias, result.statistics});
    context->saved_data["groups"] = groups;
    context->saved_data["silu"] = silu;
    context->saved_data["offset_type"] = static_cast<int64_t>(offset.scalar_type());
    context->saved_data["has_offset"] = offset.numel() > 0;
    return result.y;
  }

  static variable_list backward(AutogradContext* context, variable_list from) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], dy = from[0].to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
    const NormParameters norm{saved[1], saved[2], context->saved_data["groups"].toInt()};
    const Tensor partial = partial_sums(x, norm.groups), gradients = floats(x, {x.size(0), 5, x.size(1)});
    const Tensor dx = channels_last_like(x);
    cuda::NormArguments a = arguments_of(norm, x, partial, saved[3], context->saved_data["silu"].toBool());
    a.dy = dy.data_ptr();
    a.dx = dx.data_ptr();
    a.gradients = gradients.data_ptr<float>();
    launch(x, a, true);
    const auto sums = gradients.unbind(1);  // each [N,C]
    const auto offset_type = static_cast<at::ScalarType>(context->saved_data["offset_type"].toInt());
    const Tensor offset = context->saved_data["has_offset"].toBool() ? sums[4].to(offset_type) : Tensor();
    return {dx, offset, sums[2].sum(0), sums[3].sum(0), {}, {}, {}};
  }
};

}  // namespace

bool can_gpu_group_norm(const NormParameters& norm, const Tensor& x) {
  const bool known_type = x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
  return x.is_cuda() && x.dim() == 4 && known_type && cuda::takes(norm_shape(x, norm.groups));
}

Tensor gpu_group_norm(const NormParameters& norm, const Tensor& x, const Tensor& offset, bool silu) {
  const Tensor image = x.contiguous(at::MemoryFormat::ChannelsLast);
  if (!at::GradMode::is_enabled()) return gpu_normalize(norm, image, offset, silu).y;
  const Tensor added = offset.defined() ? offset : at::empty({0}, x.options());
  return GpuNormSilu::apply(image, added, norm.weight, norm.bias, norm.groups, norm.eps, silu);
}

}  // namespace thor
