// SPDX-License-Identifier: Apache-2.0
// Private to this room: foreground threshold of a scan.
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Returns the threshold with the best separation into two classes (Otsu 1979), from 256 bins between the extremes.
double otsu_threshold(const Tensor& values);

}  // namespace thor
