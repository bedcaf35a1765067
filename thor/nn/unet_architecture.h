// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/nn/architecture.h"
#include "thor/nn/unet.h"

namespace thor {

/// The row "unet": the 2D diffusion UNet of MONAI Generative, one image in and one out.
class UNet : public Architecture {
 public:
  explicit UNet(UNetConfig config = {}) : config_(std::move(config)) {}
  std::unique_ptr<Architecture> clone() const override { return std::make_unique<UNet>(*this); }
  const char* kind() const override { return "unet"; }
  void describe(Fields& fields) override;
  void check() const override;
  NetworkForm form() const override;
  ShapeList shapes() const override;
  StateDict initial(uint64_t seed) const override;
  Tensor forward(const StateDict& weights, const NetworkInput& input) const override;
  std::vector<Tensor> features(const StateDict& weights, const NetworkInput& input) const override;

 private:
  UNetConfig config_;
};
ArchitectureRow unet_row();

}  // namespace thor
