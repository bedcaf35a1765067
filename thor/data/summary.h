// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/json_text.h"
#include "thor/base/tensor.h"

namespace thor {

/// Summary statistics of a set of prepared images. Training stores them in the model, and `thor doctor --cohort`
/// compares others with them.
struct DataSummary {
  int64_t images = 0;
  std::vector<double>
      foreground_quantiles;         ///< 5, 25, 50, 75, 95 % of all foreground pixels (`foreground_of`), in [0,1]
  double foreground_share = 0;      ///< fraction of foreground among all pixels
  std::vector<double> image_means;  ///< 5, 50, 95 % of the images' mean intensities
  /// The smallest and the largest value that each of the foreground quantiles has in a single image, in [0,1], of
  /// images whose foreground is 1 % of their pixels or more; empty where there is none and in summaries of earlier
  /// versions.
  std::vector<double> smallest_quantiles, largest_quantiles;
};

/// Returns the foreground: pixels that exceed the minimum of the image by more than 5 % of its range. [H,W] -> bool
/// [H,W]
Tensor foreground_of(const Tensor& image);

/// Computes the summary; quantiles are exact to 1/4096. `slices` is float32 [N,H,W] in [0,1], N >= 1.
DataSummary summarize(const Tensor& slices);

/// How far an image's foreground quantiles lie from those of the training images, in the unit range: the largest
/// distance of a quantile from the interval that single training images span, which is at least 0.2 on either side of
/// the pooled quantile (few images span little; healthy IXI slices stay within 0.19); 0 inside of it.
double distance_from(const DataSummary& trained, const DataSummary& image);

/// Returns the summary as training stores it in a model.
JsonText json_of(const DataSummary& summary);
/// Parses a summary. Throws Input if the JSON is none.
DataSummary parse_summary(const JsonText& text);

}  // namespace thor
