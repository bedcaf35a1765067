// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/base/random.h"
#include "thor/base/tensor.h"

namespace thor {

/// How lesions are painted into healthy head slices, to choose models and settings on; keys `paint.*`.
struct PaintConfig {
  std::vector<std::string> groups{"small", "medium", "large"};  ///< one copy of every image for each
  double dark_share = 0.5;                                      ///< of the lesions that are darker than the tissue
  double contrast_min = 0.2, contrast_max = 0.8;                ///< share of the way to black, or to white
  double edge = 1.5;                                            ///< largest blur of the border, pixels on the 128 grid
  void describe(Fields& fields);
  /// Throws Usage for an unknown group or a smallest contrast above the largest.
  void check() const;
};

/// A painted image.
struct Painting {
  Tensor image;           ///< float32 [H,W] in [0,1]
  Tensor mask;            ///< float32 [H,W], 1 in the lesion
  int64_t pixels128 = 0;  ///< of the mask on the 128 grid
  double contrast = 0;    ///< below 0 where the lesion is dark
};

/// Paints one lesion of a size group into a healthy slice, float32 [H,W] in [0,1]: it grows through the tissue from a
/// place well inside the head, slower where the intensity differs from where it began, and its tissue is moved by a
/// share of the way to black or to white, so its structure stays. Neither shape nor intensities are those of
/// `train.corruption`, on purpose. Throws Input where no brain can be found or no lesion of the group fits.
Painting paint_healthy(const PaintConfig& config, const Tensor& slice, const std::string& group, StreamKey key);

}  // namespace thor
