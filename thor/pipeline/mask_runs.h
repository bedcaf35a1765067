// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// Neighbouring voxels of a mask along x: columns begin to end - 1 of row y of slice z.
struct MaskRun {
  int64_t z = 0, y = 0, begin = 0, end = 0;
  size_t component = 0;  ///< equal for runs that are connected; the index of the component's first run
};

/// All runs of a mask (bytes [D,H,W], 0 = outside) in the order of memory, connected where voxels meet at faces, edges
/// or corners.
std::vector<MaskRun> connected_runs(const Tensor& mask);

}  // namespace thor
