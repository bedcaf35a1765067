// SPDX-License-Identifier: Apache-2.0
// One optimizer step: forward, backward, clipping, Adam, and the average of the weights.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include "bench/cases.h"
#include "bench/measure.h"
#include "bench/work.h"
#include "thor/nn/layers.h"
#include "thor/pipeline/device.h"
#include "thor/train/adam.h"
#include "thor/train/loss.h"

namespace thor::bench {
namespace {

struct TrainingCase {
  std::string network, precision;
  int64_t batch;
};

/// What a step reports of itself.
struct Outcome {
  double loss, gradient_norm;
};

class Trainee {
 public:
  Trainee(World& world, const TrainingCase& c) : network_(world.model(c.network).config.model) {
    for (const auto& [name, tensor] : world.model(c.network).weights()) {
      weights_[name] = tensor.clone().requires_grad_();
      average_[name] = tensor.clone();
      parameters_.push_back(weights_[name]);
    }
    adam_ = std::make_unique<Adam>(parameters_, 0.0);
    batch_.xt = world.input("train.xt").narrow(0, 0, c.batch);
    batch_.t = world.input("train.t").narrow(0, 0, c.batch);
    batch_.target = world.input("train.target").narrow(0, 0, c.batch);
    type_ = dtype_of(value_called<thor::Precision>(c.precision).value());
  }

  Outcome step(double learning_rate) {
    adam_->zero_gradients();
    const Tensor output = network_->forward(cast_weights(weights_, type_), {batch_.xt, batch_.t});
    const Tensor loss = training_loss(LossKind::Mse, output, batch_);
    loss.backward();
    const double norm = adam_->clip_gradients(1.0);
    adam_->update(++steps_, learning_rate);
    const at::NoGradGuard no_grad;
    for (auto& [name, average] : average_) average.lerp_(weights_.at(name).detach(), 1e-3);
    return {loss.item<double>(), norm};
  }

 private:
  NetworkConfig network_;
  StateDict weights_, average_;
  std::vector<Tensor> parameters_;
  std::unique_ptr<Adam> adam_;
  Batch batch_;
  at::ScalarType type_;
  int64_t steps_ = 0;
};

Checked training(World& world, const TrainingCase& c) {
  const auto trainee = std::make_shared<Trainee>(world, c);
  const auto expected = [&](const char* what) { return world.answer(c.network + what).item<double>(); };
  const double loss = expected(".loss"), norm = expected(".gradient_norm");
  const Outcome first = trainee->step(0);
  const double error = std::max(std::abs(first.loss / loss - 1), std::abs(first.gradient_norm / norm - 1));
  Checked checked;
  checked.error = accepted(error, c.precision == "fp32" ? 1e-3 : 0.1);
  checked.run = [trainee] { trainee->step(1e-6); };
  // The backward pass multiplies twice as much as the forward pass: for the inputs and for the weights.
  checked.operations = 3 * work_of(network_config(c.network), c.batch, 128).operations();
  return checked;
}

}  // namespace

void training_cases(World& world) {
  for (const auto& [network, batch] : {std::pair<std::string, int64_t>{"paper", 4}, {"small", 8}})
    for (const char* precision : {"fp32", "bf16"}) {
      const TrainingCase c{network, precision, batch};
      measure(fmt::format("train/{}/b{}/{}", c.network, c.batch, c.precision),
              [&world, c] { return training(world, c); });
    }
}

}  // namespace thor::bench
