// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/nn/kernel/direct_convolution.h"
#include "thor/nn/weights/weights.h"

namespace thor {

/// SqueezeNet 1.1 up to its last fire module (Iandola et al., arXiv 1602.07360), on the CPU in float32. The
/// result of an image depends neither on its neighbours nor on the number of threads.
/// Its const functions may be called by several threads at once.
class SqueezeNet {
 public:
  /// Takes the weights net.features.* with the shapes of `lpips_shapes`.
  explicit SqueezeNet(const StateDict& weights);
  /// Returns the seven taps of LPIPS (METHODS 5), all in channels-last: [N,3,H,W] -> [N,C,h,w] each. H and W are at
  /// least 32.
  std::vector<Tensor> taps(const Tensor& images) const;

 private:
  struct Fire {
    DirectConvolution squeeze, expand1x1, expand3x3;
    Fire(const StateDict& weights, int index);
    int64_t outputs() const { return expand1x1.outputs() + expand3x3.outputs(); }
    void run(const PixelMap<const float>& x, const PixelMap<float>& y) const;
  };
  void run(const PixelMap<const float>& image, const std::vector<PixelMap<float>>& taps) const;

  DirectConvolution first_;
  std::vector<Fire> fires_;
};

}  // namespace thor
