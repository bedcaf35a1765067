// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "thor/base/random.h"
#include "thor/synth/phantom_anatomy.h"

namespace thor {

/// The size of the largest synthetic lesion on the 128 grid, pixels; larger ones would cover most of the brain.
constexpr double kLargestDrawn = 1800;

/// The range of lesion sizes on the 128 grid, pixels: more than `above`, at most `up_to` (METHODS 10).
struct LesionSize {
  int64_t above = 0, up_to = 0;
};

/// Returns the range of a size group (METHODS 10). Throws Usage unless it is small, medium or large.
LesionSize lesion_size(const std::string& group);

/// Paints one irregular blob, darker or brighter than the tissue, into `image` [size*size], inside the brain and
/// outside the ventricles, and returns its connected mask. `head` gives the tissue of each pixel. The size is drawn
/// well inside `range` but may fall below it; the caller checks it and repeats with another stream.
std::vector<float> paint_lesion(Random& random, int64_t size, const LesionSize& range,
                                const std::vector<HeadSample>& head, std::vector<float>& image);

}  // namespace thor
