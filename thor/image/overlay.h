// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"

namespace thor {

/// Blends the map in colour over the gray image, transparent where the map is 0: [H,W] in [0,1] twice -> [3,H,W].
Tensor overlay(const Tensor& image, const Tensor& map);
/// Colours the map alone: [H,W] in [0,1] -> [3,H,W].
Tensor heat(const Tensor& map);

}  // namespace thor
