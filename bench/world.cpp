// SPDX-License-Identifier: Apache-2.0
#include "bench/world.h"

#include <ATen/ATen.h>

#include <cmath>
#include <filesystem>

#include "bench/work.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/random.h"
#include "thor/image/image.h"
#include "thor/nn/unet_architecture.h"
#include "thor/nn/weights/safetensors.h"
#include "thor/pipeline/device.h"

namespace thor::bench {
namespace {

constexpr uint64_t kSeed = 2024;

Tensor drawn(uint64_t stream, const std::vector<int64_t>& shape, double spread) {
  Tensor t = at::empty(shape);
  Random({kSeed, stream, 0, Purpose::Init, 0}).fill_normal(t.data_ptr<float>(), static_cast<size_t>(t.numel()));
  return t.mul_(spread);
}

/// Fresh weights, but none zero: a network that starts as the identity of its skips would hide most of its errors.
Model random_model(const UNetConfig& network) {
  Model model;
  model.config.model = UNet(network);
  model.networks = model.config.model->initial(kSeed);
  uint64_t stream = 0;
  for (auto& [name, tensor] : model.weights()) {
    ++stream;
    if (tensor.count_nonzero().item<int64_t>() > 0) continue;
    const double fan_in = tensor.dim() > 1 ? static_cast<double>(tensor[0].numel()) : 100;
    tensor = drawn(stream, tensor.sizes().vec(), 1 / std::sqrt(fan_in));
  }
  return model;
}

/// Something with the size and brightness of a head.
Tensor head_of(int64_t size) {
  const Tensor axis = at::linspace(-1, 1, size);
  const Tensor radius = (axis.unsqueeze(1) / 0.9).square() + (axis.unsqueeze(0) / 0.7).square();
  return (0.6 + 0.2 * at::sin(9 * axis.unsqueeze(0)) * at::cos(7 * axis.unsqueeze(1))) * radius.lt(1).to(at::kFloat);
}

StateDict make_inputs() {
  StateDict inputs;
  for (int64_t size : {64, 128, 256})
    inputs["x." + std::to_string(size)] =
        0.7 * (2 * head_of(size) - 1) + drawn(static_cast<uint64_t>(1000 + size), {2, 1, size, size}, 0.7);
  inputs["train.target"] = drawn(2000, {8, 1, 128, 128}, 1);
  inputs["train.xt"] = 0.7 * (2 * head_of(128) - 1) + 0.7 * inputs["train.target"];
  inputs["train.t"] = at::arange(8, at::kLong) * 120 + 40;
  return inputs;
}

}  // namespace

World::World(const std::string& folder) : folder_(folder) {
  namespace fs = std::filesystem;
  make_folder(folder);
  if (!fs::exists(model_path("paper"))) save_model(model_path("paper"), random_model(network_config("paper")));
  if (!fs::exists(model_path("small"))) save_model(model_path("small"), random_model(network_config("small")));
  const std::string inputs = folder + "/inputs.safetensors", picture = folder + "/image.png";
  if (!fs::exists(inputs)) write_safetensors(inputs, {make_inputs(), {}});
  if (!fs::exists(picture)) {
    const std::string png = encode_png(head_of(128));
    write_stream_atomically(picture, [&](std::ostream& out) { out << png; });
  }
  inputs_ = read_safetensors(inputs).tensors;
}

const Model& World::model(const std::string& network) {
  if (!models_.count(network)) models_[network] = load_model(model_path(network));
  return models_.at(network);
}

const Network& World::network(const std::string& network, const std::string& precision) {
  std::unique_ptr<Network>& made = networks_[network + " " + precision];
  if (!made) {
    const Model& of = model(network);
    made = std::make_unique<Network>(of.config.model, of.weights(), at::kCPU,
                                     dtype_of(value_called<thor::Precision>(precision).value()));
  }
  return *made;
}

Tensor World::images(int64_t size, int64_t batch) const {
  return input("x." + std::to_string(size)).repeat({(batch + 1) / 2, 1, 1, 1}).narrow(0, 0, batch).contiguous();
}

Tensor World::head() const { return head_of(128).view({1, 1, 128, 128}); }

Tensor World::input(const std::string& name) const { return inputs_.at(name); }

Tensor World::answer(const std::string& name) const {
  const std::string path = folder_ + "/answers.safetensors";
  if (!std::filesystem::exists(path))
    fail_input("the peer has not answered yet; run '/usr/bin/python3 bench/peer/peer.py answers {}'", folder_);
  return read_safetensors(path).tensors.at(name).clone();
}

}  // namespace thor::bench
