// SPDX-License-Identifier: Apache-2.0
// Private to this room: downsampling of a scan.
#pragma once
#include "thor/image/image.h"

namespace thor {

/// Resamples a scan to voxels of at least `mm`. Finer axes are smoothed first by a Gaussian with a sigma of half of
/// that.
Image coarser(const Image& image, double mm);

}  // namespace thor
