// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/config.h"
#include "thor/base/tensor.h"

namespace thor {

/// Parameters of the healthy reference.
struct ReferenceConfig {
  double blur = 4;    ///< Gaussian blur of the mean healthy map, pixels
  double floor = 1;   ///< constant added to the mean healthy map, in units of its mean
  double z_step = 4;  ///< height over which slices are averaged, mm
  void describe(Fields& fields);
};

/// The healthy reference of a detector: mean and distribution of its maps on healthy scans. Values relative to their
/// own reference are comparable between detectors.
struct HealthyReference {
  Tensor level;      ///< usual map value at each height and pixel, float32 [L,H,W] > 0
  Tensor quantiles;  ///< float32 [Q], ascending; a fraction exp(-i / 32) of map / level exceeds the i-th
  Tensor z_mm;       ///< heights of the levels, float32 [L], ascending
};

/// The usual map values of slices at these heights, those of the nearest level. float32 [N] -> [N,1,H,W]
Tensor level_at(const HealthyReference& reference, const Tensor& z_mm);

/// Computes the reference of healthy maps, float32 [N,1,H,W] >= 0, in one common space, of slices at the heights z_mm,
/// float32 [N]. Throws Input if they are 0 everywhere.
HealthyReference healthy_reference(const Tensor& maps, const Tensor& z_mm, const ReferenceConfig& config);

/// Throws Input unless the reference fits maps of H x W pixels.
void check_reference(const HealthyReference& reference, int64_t height, int64_t width);

/// Returns the evidence of every pixel: the negative logarithm of the fraction of healthy pixels with a value as high
/// (Fisher). Evidence of several detectors is summed. Beyond the highest quantile, as a foreign scanner gives, the tail
/// goes on as a Pareto distribution fitted to the last nat of the quantiles, so that evidence has no upper limit.
/// Of slices at the heights z_mm, float32 [N]; undefined = those of the first level. float32 [N,1,H,W] >= 0, monotonic
/// in map / level.
Tensor evidence(const HealthyReference& reference, const Tensor& map, const Tensor& z_mm = {});

}  // namespace thor
