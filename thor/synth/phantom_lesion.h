// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "thor/base/random.h"
#include "thor/synth/phantom_anatomy.h"

namespace thor {

/// The largest lesion that is drawn has so many pixels on the grid of 128; beyond that hardly a brain is left.
constexpr double kLargestDrawn = 1800;

/// Pixels a lesion may have on the 128 grid: more than `above`, at most `up_to` (METHODS 10).
struct LesionSize {
  int64_t above = 0, up_to = 0;
};

/// The range of a size group (METHODS 10). Throws Usage unless it is small, medium or large.
LesionSize lesion_size(const std::string& group);

/// One irregular blob, darker or brighter than the tissue, in the brain but not in its ventricles. Paints it over
/// `image` [size*size] and returns its mask, which is one connected piece; `head` says what each pixel is. The number
/// of pixels is drawn well inside `range` but may fall short of it: check, and draw again with another stream.
std::vector<float> paint_lesion(Random& random, int64_t size, const LesionSize& range,
                                const std::vector<HeadSample>& head, std::vector<float>& image);

}  // namespace thor
