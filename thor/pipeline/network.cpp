// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/network.h"

#include <ATen/ATen.h>

#include <cmath>

#include "thor/base/log.h"
#include "thor/nn/layers.h"
#include "thor/nn/perceptual.h"

namespace thor {

namespace {

/// Recorded steps hold the memory of a whole forward pass each; full batches and the last one of a list are two.
constexpr size_t kMostRecordings = 3;

}  // namespace

Network::Network(const NetworkConfig& config, const StateDict& weights, at::Device device, at::ScalarType precision)
    : config_(config), device_(device) {
  StateDict placed;
  for (const auto& [name, tensor] : weights) placed[name] = tensor.to(device);
  weights_ = cast_weights(placed, precision);
}

Tensor Network::each(int64_t count, const std::function<Tensor(int64_t, int64_t)>& part) const {
  const int64_t at_once = device_.is_cpu() ? 1 : count;
  std::vector<Tensor> parts;
  for (int64_t begin = 0; begin < count; begin += at_once) {
    throw_if_interrupted();
    parts.push_back(part(begin, std::min(at_once, count - begin)));
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts);
}

Tensor Network::forward(const Tensor& xt, int64_t t, const Tensor& z_mm) const {
  const Tensor z = !knows_z()       ? Tensor()
                   : z_mm.defined() ? z_mm.to(device_)
                                    : at::full({xt.size(0)}, NAN, xt.options());
  return each(xt.size(0), [&](int64_t begin, int64_t count) {
    const Tensor at_t = at::full({count}, t, at::TensorOptions(device_).dtype(at::kLong));
    return this->step({xt.narrow(0, begin, count), at_t, z.defined() ? z.narrow(0, begin, count) : z});
  });
}

Tensor Network::step(const NetworkInput& input) const {
  std::vector<Tensor> inputs{input.x, input.t};
  if (input.z_mm.defined()) inputs.push_back(input.z_mm);
  Recording* recording = recording_for(inputs);
  return recording ? recording->replay(inputs) : config_->forward(weights_, input);
}

Recording* Network::recording_for(const std::vector<Tensor>& inputs) const {
  if (device_.is_cpu()) return nullptr;
  const std::vector<int64_t> shape = inputs[0].sizes().vec();
  if (const auto found = recordings_.find(shape); found != recordings_.end()) return found->second.get();
  if (recordings_.size() == kMostRecordings) recordings_.clear();
  const auto compute = [this](const std::vector<Tensor>& in) {
    return config_->forward(weights_, {in[0], in[1], in.size() > 2 ? in[2] : Tensor()});
  };
  return (recordings_[shape] = record(inputs, compute)).get();
}

Tensor Network::feature_distance(const Tensor& a, const Tensor& b, int64_t t) const {
  return each(a.size(0), [&](int64_t begin, int64_t count) {
    const Tensor step = at::full({count}, t, at::TensorOptions(device_).dtype(at::kLong));
    const auto of_a = config_->features(weights_, {a.narrow(0, begin, count), step});
    const auto of_b = config_->features(weights_, {b.narrow(0, begin, count), step});
    return thor::feature_distance(of_a, of_b, a.size(2), a.size(3)) / (2.0 * static_cast<double>(of_a.size()));
  });
}

}  // namespace thor
