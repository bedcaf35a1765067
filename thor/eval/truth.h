// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/error.h"
#include "thor/data/split.h"
#include "thor/eval/evaluation.h"

namespace thor {

/// A lesion mask of one size with its image.
struct Truth {
  Tensor mask;       ///< float32 [H,W], 0 or 1: above 0 in the file is lesion; all 0 where the row has no mask
  std::string note;  ///< what is odd about it: an empty mask, more than two values; or ""
};
/// Throws Input: a file that cannot be read, another size than `height` x `width`.
Truth read_truth(const SplitRow& row, int64_t height, int64_t width);

/// Pixels of a native mask on the 128 grid, on which lesion sizes are stated.
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
