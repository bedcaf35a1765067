// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/report/page.h"
#include "thor/results/detect_files.h"

namespace thor {

/// The results of one volume: three planes through the peak with the map and without, the lesion table, the slices'
/// scores, and where it all comes from.
Page volume_page(const VolumeReport& report);

}  // namespace thor
