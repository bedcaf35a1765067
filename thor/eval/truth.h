// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/error.h"
#include "thor/data/split.h"
#include "thor/eval/evaluation.h"
#include "thor/image/image.h"

namespace thor {

/// A lesion mask on the grid of its image.
struct Truth {
  Tensor mask;       ///< float32 [D,H,W], 0 or 1; all 0 where the row has no mask
  std::string note;  ///< what is odd about it: an empty mask, more than two values, another grid; or ""
};
/// Brings the mask of a row to the grid of `image`, the row's image or a map of it (mask_grid.h). Throws Input: a file
/// that cannot be read, a mask that does not fit the image.
Truth read_truth(const SplitRow& row, const Image& image);

/// Pixels of a native mask [H,W] on the 128 grid, on which lesion sizes are stated.
int64_t lesion_pixels_of(const Tensor& mask);

/// Fills `one` by `fill`; an Input or Unsupported error becomes the case's `problem`.
template <class Fill>
ScoredCase scored_or_problem(const std::string& name, Fill fill) {
  ScoredCase one;
  one.name = name;
  try {
    fill(one);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Internal || error.kind() == ErrorKind::Usage) throw;
    one.problem = error.what();
  }
  return one;
}

}  // namespace thor
