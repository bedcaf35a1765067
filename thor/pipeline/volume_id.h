// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "thor/base/tensor.h"

namespace thor {

/// Names a volume in random streams, whatever its file is called and in whatever orientation it stores the voxels: from
/// their number and values, not from their order.
uint64_t volume_id(const Tensor& voxels);

}  // namespace thor
