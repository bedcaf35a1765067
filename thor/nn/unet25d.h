// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/nn/architecture.h"
#include "thor/nn/unet.h"

namespace thor {

/// The row "unet25d": the UNet that sees the neighbours of a slice. Its input channels are x_t of `slices` consecutive
/// slices of a volume in their order along the axis, its output is the one of the middle slice.
/// [N,slices,H,W] -> [N,1,H,W]
class UNet25d : public Architecture {
 public:
  /// `unet.in_channels` and `unet.out_channels` follow from `slices`.
  explicit UNet25d(int64_t slices = 3, UNetConfig unet = {}) : slices_(slices), unet_(std::move(unet)) {}
  std::unique_ptr<Architecture> clone() const override { return std::make_unique<UNet25d>(*this); }
  const char* kind() const override { return "unet25d"; }
  void describe(Fields& fields) override;
  void check() const override;
  NetworkForm form() const override;
  ShapeList shapes() const override;
  StateDict initial(uint64_t seed) const override;
  Tensor forward(const StateDict& weights, const NetworkInput& input) const override;
  std::vector<Tensor> features(const StateDict& weights, const NetworkInput& input) const override;

 private:
  /// The UNet that computes it.
  UNetConfig plain() const;
  int64_t slices_;
  UNetConfig unet_;
};
ArchitectureRow unet25d_row();

}  // namespace thor
