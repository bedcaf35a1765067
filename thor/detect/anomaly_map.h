// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/config.h"
#include "thor/base/tensor.h"
#include "thor/detect/morphology.h"

namespace thor {

/// How a residual and a saliency become a map (METHODS 6).
struct MapConfig {
  double sigma = 2;               ///< blur of the perceptual distance, pixels
  std::string normalize = "max";  ///< max (published) | none (maps of different images stay comparable)
  int64_t kernel = 0;             ///< of the grey morphology, pixels; 0 = 13 at 128 px, scaled with the size
  void describe(Fields& fields);
  /// The kernel for images of this size: the configured one, or the odd number next to 13/128 of the shorter side.
  int64_t kernel_for(int64_t height, int64_t width) const;
};

/// G_sigma per image: reflect border, truncate 4 (SciPy's gaussian_filter). [N,1,H,W]
Tensor gaussian_blur(const Tensor& images, double sigma);
/// s = clip(G_sigma * perceptual, 0, 1). [N,1,H,W]
Tensor saliency(const Tensor& perceptual_distance, double sigma);
/// m = r s / max(r s) per image, r = |x0 - x|, s the saliency of the distance. Unit range, [N,1,H,W].
/// An undefined distance means s = 1: the residual alone.
Tensor anomaly_map(const MapConfig& config, const Tensor& x, const Tensor& x0, const Tensor& perceptual_distance);
/// M = clip((dilate(close(m)) + m) / 2, 0, 1). With `normalize: none` m is brought to maximum 1 per image first, so
/// that how maps are reported does not change how strongly THOR harmonizes.
Tensor region_mask(const MapConfig& config, const Tensor& map);
/// n / sum(1/m) over the stack, 0 where any is 0.
Tensor harmonic_mean(const std::vector<Tensor>& maps);

}  // namespace thor
