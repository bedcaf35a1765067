// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/data/case_list.h"
#include "thor/pipeline/model.h"
#include "thor/pipeline/pipeline.h"

namespace thor {

/// One property of a list of images beside what the model was trained on.
struct CohortFact {
  std::string name, trained, here;  ///< for people; trained is "-" where only the list itself is looked at
  std::string verdict;              ///< ok | differs | unknown (the model does not say)
  std::string advice;               ///< where it differs: why that matters and what to do
};
struct CohortReport {
  int64_t images = 0;  ///< that could be read
  std::vector<CohortFact> facts;
  std::vector<CaseFailure> failed;
  JsonText to_json() const;
  std::string table() const;  ///< for people
};

/// Compares images with what the model was trained on (its own summary, written by training) and looks for mixtures
/// inside the list: size, shape, spacing, bit depth. Volumes go through the model's steps first, so that what is
/// compared is what the network would see. If the model is calibrated, the image scores of at most `score_images`
/// pictures or slices, spread evenly over the list, are compared with the healthy ones (the calibration of what
/// `detect` uses by itself, else the one written last; two-sample Kolmogorov-Smirnov, 5 %). Throws Input where no image
/// can be used. Throws Interrupted.
CohortReport compare_cohort(const Model& model, const std::vector<CaseInput>& inputs, int64_t score_images,
                            const RunConfig& run);

}  // namespace thor
