// SPDX-License-Identifier: Apache-2.0
// Private to this room: an image as it looks from further away.
#pragma once
#include "thor/image/image.h"

namespace thor {

/// Voxels of at least `mm`: along axes that are finer, smoothed by a Gaussian of half that and resampled.
Image coarser(const Image& image, double mm);

}  // namespace thor
