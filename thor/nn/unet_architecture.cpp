// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/unet_architecture.h"

namespace thor {

void UNet::describe(Fields& fields) { config_.describe(fields); }
void UNet::check() const { config_.check(); }
NetworkForm UNet::form() const {
  return {config_.in_channels, config_.out_channels, 1, unet_multiple(config_), config_.z_condition};
}
ShapeList UNet::shapes() const { return unet_shapes(config_); }
StateDict UNet::initial(uint64_t seed) const { return init_unet(config_, seed); }

Tensor UNet::forward(const StateDict& weights, const NetworkInput& input) const {
  return unet_forward(config_, weights, input.x, input.t, input.z_mm);
}

std::vector<Tensor> UNet::features(const StateDict& weights, const NetworkInput& input) const {
  return unet_features(config_, weights, input.x, input.t, input.z_mm);
}

ArchitectureRow unet_row() {
  return {"unet", "2D diffusion UNet of MONAI Generative", 2, [] { return std::make_unique<UNet>(); },
          [](const StateDict& weights) { return std::make_unique<UNet>(unet_of_weights(weights)); }};
}

}  // namespace thor
