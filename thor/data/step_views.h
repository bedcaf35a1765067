// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/data/preprocess.h"
#include "thor/data/templates.h"
#include "thor/data/volume_steps.h"

namespace thor {

/// Pictures by which a person judges a prepared volume, uint8 [H,W]: "axial" (through the middle of the slices that are
/// used), "coronal", "sagittal" (through the middle of the volume), head up; where the scan was registered also
/// "axial_template" and so on, the scan and its template in turn, in squares: edges must go on from one to the next.
StateDict step_views(const PreprocessConfig& config, const PreparedVolume& prepared, const Templates& templates);

/// Returns the template of the last step `register`, nullptr if there is none.
const Template* registered_template(const std::vector<YamlText>& steps, const Templates& templates);

}  // namespace thor
