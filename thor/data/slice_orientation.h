// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/image/resample.h"

namespace thor {

/// Returns the orientation of the slices after these steps, for example "RPS". Without steps it is "RAS", because
/// volumes are then reoriented; "" if it depends on the templates.
std::string slice_orientation(const std::vector<YamlText>& steps);

/// The order that turns a single slice in its plane so that it lies as the slices at the end of these steps do: the
/// same slice stored in another orientation becomes the same image. A picture, a slice with a header that does not
/// place it, and any slice where `slice_orientation` is "" stay as they are stored; all but the picture with a warning
/// if turning might have been needed. A slice of another plane (sagittal where the steps give axial slices) is refused:
/// throws Input. Without steps the plane of the model's slices is not known, so there it is only warned about and kept.
AxisOrder slice_order(const Image& slice, const std::vector<YamlText>& steps);

}  // namespace thor
