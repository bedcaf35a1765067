// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/latent_space.h"

#include <ATen/ATen.h>

namespace thor {

Tensor PixelSpace::encode(const Tensor& unit) const { return unit * (high_ - low_) + low_; }
Tensor PixelSpace::decode(const Tensor& latent) const { return (latent - low_) / (high_ - low_); }

}  // namespace thor
