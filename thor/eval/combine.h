// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/data/split.h"
#include "thor/detect/evidence.h"
#include "thor/eval/map_set.h"
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

/// Detects in healthy scans with an ensemble, in each with healthy references that were made without it: the scans are
/// dealt into `folds` parts, and for each part the references come from the others (cross-fitting). Thresholds from
/// these maps are a little higher than the ensemble's own references would give, and no scan has to be kept for one
/// purpose alone. `detector` and `sets` as `choose_detector` takes them. Scans that cannot be used are left out and
/// recorded in `failed`. Throws Usage where the model is one network, two scans have one name, or there are fewer
/// usable scans than folds; Input where none can be used.
MapSet cross_detect(const Model& ensemble, const std::string& detector, const std::vector<std::string>& sets,
                    const std::vector<CaseInput>& healthy, int64_t folds, const RunConfig& run);

}  // namespace thor
