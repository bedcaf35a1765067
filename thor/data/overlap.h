// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "thor/data/archive.h"

namespace thor {

/// The bit-identical slices of two prepared sets.
struct Overlap {
  int64_t slices = 0;                ///< number of slices of `b` that are in `a` too, without constant ones
  std::string name_in_a, name_in_b;  ///< names of the first common slice
};

/// Compares slices by content, so that a file under two names, in two folders or in an archive is found.
Overlap overlap_of(const Archive& a, const Archive& b);

}  // namespace thor
