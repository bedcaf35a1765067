// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "thor/nn/kernel/norm_silu_kernels.h"

namespace thor {
namespace {

using torch::autograd::AutogradContext;

// An offset that is none has no numbers: libtorch 1.13 refuses undefined tensors here.
class NormSilu : public torch::autograd::Function<NormSilu> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& offset, const Tensor& weight,
                        const Tensor& bias, int64_t groups, double eps, bool silu) {
    const Tensor added = offset.numel() > 0 ? offset : Tensor();
    const Normalized result = normalize_forward({weight, bias, groups, eps}, x, added, silu);
    context->save_for_backward({x, weight, bias, result.statistics});
    context->saved_data["groups"] = groups;
    context->saved_data["silu"] = silu;
    if (added.defined()) context->saved_data["offset_type"] = static_cast<int64_t>(added.scalar_type());
    return result.y;
  }

  static torch::autograd::variable_list backward(AutogradContext* context, torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const NormParameters norm{saved[1], saved[2], context->saved_data["groups"].toInt()};
    const Tensor dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const NormGradients result = normalize_backward(norm, saved[0], saved[3], dy, context->saved_data["silu"].toBool());
    const auto type = context->saved_data.find("offset_type");
    const Tensor offset = type == context->saved_data.end()
                              ? Tensor()
                              : result.offset.to(static_cast<at::ScalarType>(type->second.toInt()));
    return {result.x, offset, result.weight, result.bias, {}, {}, {}};
  }
};

}  // namespace

Tensor fused_group_norm(const NormParameters& norm, const Tensor& x, const Tensor& offset, bool silu) {
  const Tensor image = x.contiguous(at::MemoryFormat::ChannelsLast);
  if (!at::GradMode::is_enabled()) return normalize_forward(norm, image, offset, silu).y;
  const Tensor added = offset.defined() ? offset : at::empty({0}, x.options());
  return NormSilu::apply(image, added, norm.weight, norm.bias, norm.groups, norm.eps, silu);
}

}  // namespace thor
