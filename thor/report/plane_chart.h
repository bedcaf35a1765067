// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/tensor.h"
#include "thor/results/orthogonal_views.h"

namespace thor {

/// A plane through a volume as a drawing: the picture [h,w] or [3,h,w] in [0,1] of the view's size, a crosshair that
/// leaves the point itself free, and the letters of the patient's sides.
std::string plane_chart(const std::string& title, const OrthogonalView& view, const Tensor& picture);

}  // namespace thor
