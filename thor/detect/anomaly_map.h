// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/config.h"
#include "thor/base/tensor.h"
#include "thor/detect/morphology.h"

namespace thor {

/// The scaling of a map: to its own maximum (published), or none, which keeps maps of different images comparable.
enum class Normalize { Max, None };
inline Names names_of(Normalize) { return {"max", "none"}; }

/// Parameters of the anomaly map (METHODS 6).
struct MapConfig {
  double sigma = 2;  ///< Gaussian blur of the perceptual distance, pixels
  Normalize normalize = Normalize::Max;
  int64_t kernel = 0;  ///< side of the morphological kernel, pixels; 0 = 13 at 128 px, scaled with the size
  void describe(Fields& fields);
  /// Returns the kernel for images of this size: the configured one, or the odd number nearest to 13/128 of the shorter
  /// side.
  int64_t kernel_for(int64_t height, int64_t width) const;
};

/// Applies a Gaussian filter to each image: reflected border, truncated at 4 sigma (gaussian_filter of SciPy).
/// [N,1,H,W]
Tensor gaussian_blur(const Tensor& images, double sigma);
/// Returns the saliency s = clip(G_sigma * perceptual, 0, 1). [N,1,H,W]
Tensor saliency(const Tensor& perceptual_distance, double sigma);
/// Returns the map m = r s / max(r s) per image with the residual r = |x0 - x| and the saliency s of the distance; s =
/// 1 if the distance is undefined. Images are in [0,1], [N,1,H,W].
Tensor anomaly_map(const MapConfig& config, const Tensor& x, const Tensor& x0, const Tensor& perceptual_distance);
/// Returns the region mask M = clip((dilate(close(m)) + m) / 2, 0, 1). With `normalize: none` m is first scaled to
/// maximum 1 per image, so that the scale of the reported map does not change the harmonization.
Tensor region_mask(const MapConfig& config, const Tensor& map);
/// Returns the harmonic mean n / sum(1/m) of the maps, 0 where any of them is 0.
Tensor harmonic_mean(const std::vector<Tensor>& maps);

}  // namespace thor
