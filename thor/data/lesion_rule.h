// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/tensor.h"

namespace thor {

/// What of a mask's values is lesion.
struct MarkedVoxels {
  Tensor lesion;     ///< float32 of the values' shape, 0 or 1
  std::string note;  ///< what is odd about the values, for people; "" = nothing
};

/// Tells lesion from the rest by the values of a mask, float32 [D,H,W]. `integers`: the file stores integers (also
/// where the luminance of a colour is none). In this order:
/// - NaN and negative values are 0. Where the lowest value is beyond a quarter of the largest below 0, and the values
///   are no labels, nothing is sure: refused.
/// - Nothing above 0: no lesion. One value everywhere, above 0: refused, it marks nothing.
/// - Two values: the larger is lesion, whatever they are.
/// - 255 beside whole numbers up to 32 is the label of what nobody decided (as in Pascal VOC): no lesion.
/// - Whole numbers up to 32, or integers of which most fill an area (a pixel and its four neighbours have them), are
///   labels: every one but 0 is lesion.
/// - All else is a soft edge, a probability or a JPEG: what is at or above half of the largest value is lesion.
/// A mask that marks the whole border of its slices and more than half of all is inverted: refused. One that marks more
/// than half otherwise is noted. Throws Input.
MarkedVoxels marked_voxels(const Tensor& values, bool integers);

}  // namespace thor
