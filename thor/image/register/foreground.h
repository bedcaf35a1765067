// SPDX-License-Identifier: Apache-2.0
// Private to this room: what of a scan is not air.
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// The threshold that parts values best into two classes (Otsu 1979), of 256 bins between their extremes.
double otsu_threshold(const Tensor& values);

}  // namespace thor
