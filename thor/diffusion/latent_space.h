// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <memory>

#include "thor/base/tensor.h"

namespace thor {

/// The space in which the network works, with the way there from images and back. Chains, noise and the network's input
/// lie in it; detectors and samplers cross by Diffusion's `from_unit` and `to_unit` and need not know which space it
/// is.
class LatentSpace {
 public:
  virtual ~LatentSpace() = default;
  /// Images [N,1,H,W] in [0,1] -> [N,C,h,w]
  virtual Tensor encode(const Tensor& unit) const = 0;
  /// [N,C,h,w] -> images [N,1,H,W] about [0,1], not clipped
  virtual Tensor decode(const Tensor& latent) const = 0;
  /// C, h and w of the noise for one image of H x W pixels.
  virtual std::array<int64_t, 3> noise_shape(int64_t height, int64_t width) const = 0;
};

/// The pixels themselves, black at `low` and white at `high`: [N,1,H,W] -> [N,1,H,W], or any other shape.
class PixelSpace : public LatentSpace {
 public:
  PixelSpace(double low, double high) : low_(low), high_(high) {}
  Tensor encode(const Tensor& unit) const override;
  Tensor decode(const Tensor& latent) const override;
  std::array<int64_t, 3> noise_shape(int64_t height, int64_t width) const override { return {1, height, width}; }

 private:
  double low_, high_;
};

}  // namespace thor
