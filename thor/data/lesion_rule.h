// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/tensor.h"

namespace thor {

/// The lesion part of a mask.
struct MarkedVoxels {
  Tensor lesion;     ///< float32 in the shape of the values, 0 or 1
  std::string note;  ///< readable remark about an irregularity; "" = none
};

/// Tells lesion from the rest by the values of a mask, float32 [D,H,W]. `integers`: the file stores integers (also
/// where the luminance of a colour is none). In this order:
/// - NaN and negative values count as 0. A mask without labels whose lowest value is below minus a quarter of the
///   largest is ambiguous and refused.
/// - A mask without positive values has no lesion. A constant positive mask is refused.
/// - If there are exactly two values, the larger one is lesion.
/// - 255 beside whole numbers up to 32 is the label "undecided" (as in Pascal VOC) and no lesion.
/// - Whole numbers up to 32, or integers of which most fill an area (a pixel and its four neighbours have them), are
///   labels: every one but 0 is lesion.
/// - All other masks have soft edges (probabilities, JPEG): values of at least half of the largest are lesion.
/// A mask that marks the whole border of its slices and more than half of all voxels is inverted and refused. Another
/// mask that marks more than half gets a note. Throws Input for refused masks.
MarkedVoxels marked_voxels(const Tensor& values, bool integers);

}  // namespace thor
