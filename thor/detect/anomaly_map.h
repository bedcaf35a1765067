// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/config.h"
#include "thor/base/tensor.h"

namespace thor {

/// How a residual and a saliency become a map (METHODS 6).
struct MapConfig {
  double sigma = 2;                ///< blur of the perceptual distance, pixels
  std::string normalize = "max";   ///< max (published) | none (maps of different images stay comparable)
  int64_t kernel = 0;              ///< of the grey morphology, pixels; 0 = 13 at 128 px, scaled with the size
  void describe(Fields& fields);
};

/// G_sigma per image: reflect border, truncate 4 (SciPy's gaussian_filter). [N,1,H,W]
Tensor gaussian_blur(const Tensor& images, double sigma);
/// m = r s / max(r s) per image, r = |x0 - x|, s = clip(G_sigma * perceptual, 0, 1). Unit range, [N,1,H,W].
Tensor anomaly_map(const MapConfig& config, const Tensor& x, const Tensor& x0, const Tensor& perceptual_distance);
/// M = clip((dilate(close(m)) + m) / 2, 0, 1).
Tensor region_mask(const MapConfig& config, const Tensor& map);
/// n / sum(1/m) over the stack, 0 where any is 0.
Tensor harmonic_mean(const std::vector<Tensor>& maps);

/// Flat k x k grey morphology, border nearest (SciPy's grey_dilation, grey_closing). [N,1,H,W]
Tensor grey_dilation(const Tensor& images, int64_t kernel);
Tensor grey_closing(const Tensor& images, int64_t kernel);

}  // namespace thor
