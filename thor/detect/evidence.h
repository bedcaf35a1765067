// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/config.h"
#include "thor/base/tensor.h"

namespace thor {

/// Parameters of the healthy reference.
struct ReferenceConfig {
  double blur = 4;   ///< Gaussian blur of the mean healthy map, pixels
  double floor = 1;  ///< constant added to the mean healthy map, in units of its mean
  void describe(Fields& fields);
};

/// The healthy reference of a detector: mean and distribution of its maps on healthy scans. Values relative to their
/// own reference are comparable between detectors.
struct HealthyReference {
  Tensor level;      ///< usual map value at each pixel, float32 [H,W] > 0
  Tensor quantiles;  ///< float32 [Q], ascending; a fraction exp(-i / 32) of map / level exceeds the i-th
};

/// Computes the reference of healthy maps, float32 [N,1,H,W] >= 0, in one common space. Throws Input if they are 0
/// everywhere.
HealthyReference healthy_reference(const Tensor& maps, const ReferenceConfig& config);

/// Throws Input unless the reference fits maps of H x W pixels.
void check_reference(const HealthyReference& reference, int64_t height, int64_t width);

/// Returns the evidence of every pixel: the negative logarithm of the fraction of healthy pixels with a value as high
/// (Fisher). Evidence of several detectors is summed. Beyond the highest quantile, as a foreign scanner gives, the tail
/// goes on as a Pareto distribution fitted to the last nat of the quantiles, so that evidence has no upper limit.
/// float32 [N,1,H,W] >= 0, monotonic in map / level.
Tensor evidence(const HealthyReference& reference, const Tensor& map);

}  // namespace thor
