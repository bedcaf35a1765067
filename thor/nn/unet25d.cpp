// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/unet25d.h"

#include "thor/base/error.h"

namespace thor {
namespace {

/// More slices than that are a volume.
constexpr int64_t kMaxSlices = 15;

}  // namespace

UNetConfig UNet25d::plain() const {
  UNetConfig config = unet_;
  config.in_channels = slices_;
  config.out_channels = 1;
  return config;
}

void UNet25d::describe(Fields& fields) {
  fields.add("slices", &slices_, "consecutive slices that the network sees, an odd number", between(1, kMaxSlices));
  unet_.describe_levels(fields);
}

void UNet25d::check() const {
  if (slices_ < 1 || slices_ > kMaxSlices || slices_ % 2 == 0)
    fail_usage("'model.slices' is {}, expected an odd number from 1 to {}: one slice and as many on either side",
               slices_, kMaxSlices);
  unet_.check();
}

NetworkForm UNet25d::form() const { return {slices_, 1, slices_, unet_multiple(unet_), unet_.z_condition}; }

ShapeList UNet25d::shapes() const {
  check();
  return unet_shapes(plain());
}

StateDict UNet25d::initial(uint64_t seed) const {
  check();
  return init_unet(plain(), seed);
}

Tensor UNet25d::forward(const StateDict& weights, const NetworkInput& input) const {
  return unet_forward(plain(), weights, input.x, input.t, input.z_mm);
}

std::vector<Tensor> UNet25d::features(const StateDict& weights, const NetworkInput& input) const {
  return unet_features(plain(), weights, input.x, input.t, input.z_mm);
}

ArchitectureRow unet25d_row() {
  return {"unet25d", "2.5D diffusion UNet: neighbouring slices in, the middle one out", 2,
          [] { return std::make_unique<UNet25d>(); },
          [](const StateDict& weights) {
            const UNetConfig found = unet_of_weights(weights);
            if (found.out_channels != 1 || found.in_channels % 2 == 0 || found.in_channels > kMaxSlices)
              fail_input("it takes {} channels and gives {}, expected an odd number up to {} and 1: slices in, one out",
                         found.in_channels, found.out_channels, kMaxSlices);
            return std::make_unique<UNet25d>(found.in_channels, found);
          }};
}

}  // namespace thor
