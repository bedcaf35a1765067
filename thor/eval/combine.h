// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/data/split.h"
#include "thor/detect/evidence.h"
#include "thor/pipeline/pipeline.h"

namespace thor {

/// A model and what it is called in the ensemble.
struct NamedModel {
  std::string name;
  Model model;
};

/// One model of several: every one detects, with the detector it recommends, in healthy scans that none was trained on,
/// and its maps there become its healthy reference. Throws Usage where names are double or the models preprocess images
/// otherwise than the first, Input where a healthy scan cannot be read.
Model combine(std::vector<NamedModel> models, const std::vector<SplitRow>& healthy, const ReferenceConfig& reference,
              const RunConfig& run);

}  // namespace thor
