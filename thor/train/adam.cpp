// SPDX-License-Identifier: Apache-2.0
#include "thor/train/adam.h"

#include <ATen/ATen.h>

#include <cmath>

namespace thor {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;

}  // namespace

Adam::Adam(std::vector<Tensor> parameters, double weight_decay)
    : parameters_(std::move(parameters)), weight_decay_(weight_decay) {
  for (const Tensor& p : parameters_) {
    m_.push_back(at::zeros_like(p));
    v_.push_back(at::zeros_like(p));
  }
}

std::vector<Tensor> Adam::gradients() const {
  std::vector<Tensor> list;
  // A parameter that the network does not use has no gradient.
  for (const Tensor& p : parameters_) list.push_back(p.grad().defined() ? p.grad() : at::zeros_like(p));
  return list;
}

void Adam::zero_gradients() {
  for (Tensor& p : parameters_) p.mutable_grad() = Tensor();
}

double Adam::clip_gradients(double clip) {
  const at::NoGradGuard no_grad;
  const std::vector<Tensor> g = gradients();
  const double norm = at::stack(at::_foreach_norm(g)).to(at::kDouble).norm().item<double>();
  if (clip > 0 && norm > clip) at::_foreach_mul_(g, clip / (norm + 1e-6));
  return norm;
}

void Adam::update(int64_t step, double learning_rate) {
  const at::NoGradGuard no_grad;
  const std::vector<Tensor> g = gradients();
  if (weight_decay_ > 0) at::_foreach_mul_(parameters_, 1 - learning_rate * weight_decay_);
  at::_foreach_mul_(m_, kBeta1);
  at::_foreach_add_(m_, g, 1 - kBeta1);
  at::_foreach_mul_(v_, kBeta2);
  at::_foreach_addcmul_(v_, g, g, 1 - kBeta2);
  const double correction1 = 1 - std::pow(kBeta1, step), correction2 = 1 - std::pow(kBeta2, step);
  std::vector<Tensor> denominator = at::_foreach_sqrt(v_);
  at::_foreach_div_(denominator, std::sqrt(correction2));
  at::_foreach_add_(denominator, kEpsilon);
  at::_foreach_addcdiv_(parameters_, m_, denominator, -learning_rate / correction1);
}

}  // namespace thor
