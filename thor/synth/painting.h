// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/base/random.h"
#include "thor/base/tensor.h"

namespace thor {

/// Parameters of painting lesions into healthy head slices, for the selection of models and settings; keys `paint.*`.
struct PaintConfig {
  std::vector<std::string> groups{"small", "medium", "large"};  ///< size groups; each gives one copy of every image
  double dark_share = 0.5;                                      ///< fraction of lesions darker than the tissue
  double contrast_min = 0.2, contrast_max = 0.8;  ///< contrast as a fraction of the distance to black or white
  double edge = 1.5;                              ///< largest blur of the border, pixels on the 128 grid
  void describe(Fields& fields);
  /// Throws Usage for an unknown group or if contrast_min exceeds contrast_max.
  void check() const;
};

/// An image with a painted lesion.
struct Painting {
  Tensor image;           ///< float32 [H,W] in [0,1]
  Tensor mask;            ///< float32 [H,W], 1 in the lesion
  int64_t pixels128 = 0;  ///< size of the mask on the 128 grid, pixels
  double contrast = 0;    ///< negative for a dark lesion
};

/// Paints one lesion of a size group into a healthy slice, float32 [H,W] in [0,1]. The lesion grows through the tissue
/// from a pixel well inside the head, more slowly where the intensity differs from that of the seed; its intensities
/// are moved towards black or white by a fraction of the distance, which preserves structure. Shape and intensities
/// deliberately differ from `train.corruption`. Throws Input if no brain is found or no lesion of the group fits.
Painting paint_healthy(const PaintConfig& config, const Tensor& slice, const std::string& group, StreamKey key);

}  // namespace thor
