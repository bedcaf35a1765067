// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/volume_config.h"

#include "thor/base/error.h"

namespace thor {

void VolumeConfig::describe(Fields& fields) {
  fields.add("slices", &slices,
             "axial slices examined, [from, to] in mm after the preprocessing steps; [] = those the model was "
             "trained on");
  fields.add("smooth_mm", &smooth_mm, "Gaussian smoothing of a volume's map, full width at half maximum, mm; 0 = none",
             between(0, 100));
  fields.add("min_ml", &min_ml, "components of a volume's mask smaller than this are dropped, ml", between(0, 10000));
}

void VolumeConfig::check() const {
  if (!slices.empty() && !(slices.size() == 2 && slices[0] <= slices[1]))
    fail_usage("volume.slices is [{}], expected two heights in ascending order, e.g. [20, 26]",
               fmt::join(slices, ", "));
}

}  // namespace thor
