// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/config.h"
#include "thor/base/tensor.h"

namespace thor {

/// How maps of healthy scans become a yardstick.
struct ReferenceConfig {
  double blur = 4;   ///< of the mean healthy map, pixels
  double floor = 1;  ///< added to it, in units of its mean: what a place counts at least
  void describe(Fields& fields);
};

/// What a detector's maps are like on healthy scans, from place to place and over all: values of different detectors
/// measured with theirs mean the same.
struct HealthyReference {
  Tensor level;      ///< float32 [H,W] > 0: what is usual at a place
  Tensor quantiles;  ///< float32 [Q], ascending: the i-th is exceeded by a share exp(-i / 32) of map / level
};

/// Of healthy maps float32 [N,1,H,W] >= 0, which all lie in one space. Throws Input where they are 0 everywhere.
HealthyReference healthy_reference(const Tensor& maps, const ReferenceConfig& config);

/// Throws Input unless the reference fits maps of H x W pixels.
void check_reference(const HealthyReference& reference, int64_t height, int64_t width);

/// -log of the share of healthy pixels that are as abnormal, for every pixel: Fisher's evidence. Sums of it combine
/// detectors. float32 [N,1,H,W] in [0, (Q - 1) / 32], monotonic in map / level.
Tensor evidence(const HealthyReference& reference, const Tensor& map);

}  // namespace thor
