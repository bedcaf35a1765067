// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/model_change.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/pipeline/calibration.h"
#include "thor/pipeline/model_parts.h"

namespace thor {
namespace {

bool same_window(const PreprocessConfig& a, const PreprocessConfig& b) {
  return a.intensity == b.intensity && (a.intensity != Intensity::Percentile || a.percentile == b.percentile);
}

void drop_calibration(Model& model, const char* why) {
  if (holds_calibrations(model)) warn("the calibration is left behind: {}; calibrate again", why);
  model.calibration = JsonText("{}");
}

bool rounds(const StateDict& weights, Precision precision) {
  const StateDict stored = stored_weights(weights, precision);
  return std::any_of(weights.begin(), weights.end(), [&](const auto& weight) {
    return !stored.at(weight.first).to(at::kFloat).equal(weight.second.to(at::kCPU));
  });
}

}  // namespace

void change_preprocessing(Model& model, const PreprocessConfig& to) {
  const PreprocessConfig& from = model.config.preprocess;
  if (from.size != to.size)
    fail_usage("the model sees slices of {0} x {0} pixels, the experiment makes {1} x {1}; set `preprocess.size={0}`",
               from.size, to.size);
  if (!same_window(from, to)) {
    if (model.is_ensemble())
      fail_usage(
          "slices would become gray otherwise than when the ensemble's healthy references were made "
          "(preprocess.intensity {} "
          "instead of {}); give its models the new preprocessing and combine them again",
          name_of(to.intensity), name_of(from.intensity));
    drop_calibration(model, "slices become gray otherwise than when it was made");
  }
  // The landmarks go with the brain that the model carries and not with the steps.
  PreprocessConfig changed = to;
  if (model.tissue.known()) changed.landmarks = from.landmarks;
  model.config.preprocess = changed;
  if (!model.is_ensemble()) return;
  for (Member& member : model.members()) member.model.config.preprocess = changed;
}

void prepare_to_store(Model& model, Precision precision) {
  if (!model.is_ensemble()) {
    if (rounds(model.weights(), precision)) drop_calibration(model, "the stored weights are rounded");
    return;
  }
  for (const Member& member : model.members())
    if (rounds(member.model.weights(), precision))
      fail_usage(
          "the weights of '{}' would be rounded, and the ensemble's healthy references were made with them as they "
          "are; combine its models again with `store` {}",
          member.name, name_of(precision));
}

}  // namespace thor
