// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "thor/data/archive.h"

namespace thor {

/// What two sets of prepared slices have in common, to the bit.
struct Overlap {
  int64_t slices = 0;                ///< of `b` that are in `a` too; those of one value only do not count
  std::string name_in_a, name_in_b;  ///< of the first of them
};

/// Compares slices by content, so that a file under two names, in two folders or in an archive is found.
Overlap overlap_of(const Archive& a, const Archive& b);

}  // namespace thor
