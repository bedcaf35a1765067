// SPDX-License-Identifier: Apache-2.0
#include "thor/cli/self_check.h"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "thor/base/random.h"
#include "thor/nn/kernel/gpu.h"
#include "thor/nn/layers.h"
#include "thor/nn/unet_architecture.h"

namespace thor {
namespace {

constexpr int64_t kSide = 16, kTimestep = 350;

/// Mean, standard deviation and the pixels 0, 37, 74, ... of the output: computed in double precision by a program that
/// shares no code with this one.
const std::vector<double> kKnown{-0.1023913, 0.5993170,  0.8717584, 0.7387584, -0.1269568,
                                 0.4938566,  -0.4115621, 0.7274663, 0.0494797};

UNet tiny() {
  UNetConfig config;
  config.channels = {8, 16};
  config.attention = {false, true};
  config.head_channels = 8;
  config.norm_groups = 4;
  config.attention_projection = true;
  return UNet(config);
}

Tensor drawn(uint64_t stream, const std::vector<int64_t>& shape, double centre, double spread) {
  Tensor t = at::empty(shape);
  Random random({20240308, stream, 0, Purpose::Init, 0});
  float* values = t.data_ptr<float>();
  for (int64_t i = 0; i < t.numel(); ++i) values[i] = static_cast<float>(centre + random.uniform(-spread, spread));
  return t;
}

/// No layer is left at zero or one, so that every one of them shows in the output.
StateDict tiny_weights() {
  StateDict weights;
  uint64_t stream = 0;
  for (const auto& [name, shape] : tiny().shapes()) {
    const bool is_norm_scale = shape.size() == 1 && name.find(".weight") != std::string::npos;
    const double fan_in = shape.size() == 1 ? 16.0 : static_cast<double>(at::empty(shape)[0].numel());
    weights[name] = drawn(stream++, shape, is_norm_scale ? 1 : 0, 1.5 / std::sqrt(fan_in));
  }
  return weights;
}

std::vector<double> summary(const Tensor& output) {
  const Tensor flat = output.to(at::kDouble).flatten();
  std::vector<double> numbers{flat.mean().item<double>(), flat.std().item<double>()};
  for (int64_t i = 0; i < flat.numel(); i += 37) numbers.push_back(flat[i].item<double>());
  return numbers;
}

}  // namespace

Tensor run_tiny_network(at::Device device, at::ScalarType type) {
  compute_in_full_float32();
  const at::NoGradGuard no_grad;
  StateDict weights = cast_weights(tiny_weights(), type);
  for (auto& [name, tensor] : weights) tensor = tensor.to(device);
  const Tensor xt = drawn(1000, {1, 1, kSide, kSide}, 0, 1).to(device);
  const Tensor t = at::full({1}, kTimestep, at::TensorOptions(at::kLong).device(device));
  return tiny().forward(weights, {xt, t}).to(at::kCPU, at::kFloat);
}

SelfCheck self_check(at::Device device, at::ScalarType type) {
  const std::vector<double> found = summary(run_tiny_network(device, type));
  SelfCheck check;
  check.tolerance = type == at::kFloat ? 1e-4 : 5e-2;
  for (size_t i = 0; i < kKnown.size(); ++i) {
    const double error = std::abs(found.at(i) - kKnown[i]);
    if (!(error <= check.error)) check.error = error;
  }
  return check;
}

}  // namespace thor
