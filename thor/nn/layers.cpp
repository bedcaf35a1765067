// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/layers.h"

#include <ATen/ATen.h>

#include "thor/nn/kernel/deterministic.h"
#include "thor/nn/kernel/gpu.h"
#include "thor/nn/kernel/norm_silu.h"

namespace thor {
namespace {

constexpr double kNormEps = 1e-6;

}  // namespace

Tensor conv(const Scope& w, const Tensor& x, int64_t stride, int64_t padding) {
  const Tensor& weight = w["weight"];
  return convolution(x.to(weight.scalar_type()), weight, w["bias"], stride, padding);
}

Tensor linear(const Scope& w, const Tensor& x) {
  const Tensor& weight = w["weight"];
  if (!must_be_deterministic(weight)) return at::linear(x.to(weight.scalar_type()), weight, w["bias"]);
  const Tensor y = deterministic_product(x.to(at::kFloat).reshape({-1, x.size(-1)}), weight.t(), w["bias"]);
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return y.view(shape);
}

Tensor group_norm(const Scope& w, const Tensor& x, int64_t groups) {
  const NormParameters norm{w["weight"], w["bias"], groups, kNormEps};
  if (can_gpu_group_norm(norm, x)) return gpu_group_norm(norm, x, {}, false);
  if (can_fuse_group_norm(x)) return fused_group_norm(norm, x, {}, false);
  return at::group_norm(x.to(at::kFloat), groups, w["weight"], w["bias"], kNormEps);
}

Tensor group_norm_silu(const Scope& w, const Tensor& x, const Tensor& offset, int64_t groups) {
  const NormParameters norm{w["weight"], w["bias"], groups, kNormEps};
  if (can_gpu_group_norm(norm, x)) return gpu_group_norm(norm, x, offset, true);
  if (can_fuse_group_norm(x)) return fused_group_norm(norm, x, offset, true);
  return at::silu(group_norm(w, offset.defined() ? x + offset.unsqueeze(2).unsqueeze(3) : x, groups));
}

StateDict cast_weights(const StateDict& weights, at::ScalarType dtype) {
  StateDict cast;
  for (const auto& [name, tensor] : weights) {
    const bool norm = tensor.dim() == 1 && (name.find("norm") != std::string::npos || name.rfind("out.0.", 0) == 0);
    Tensor t = norm ? tensor : tensor.to(dtype);
    cast[name] = t.dim() == 4 ? t.contiguous(at::MemoryFormat::ChannelsLast) : t;
  }
  return cast;
}

}  // namespace thor
