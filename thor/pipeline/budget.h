// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/pipeline/model.h"
#include "thor/pipeline/pipeline.h"

namespace thor {

/// "500ms", "10s", "2m" -> seconds, more than 0. Throws Usage.
double parse_duration(const std::string& text);

/// So many seconds may pass for one image.
struct BudgetRequest {
  double seconds = 0;
  std::string detector;           ///< "" = the one the model recommends
  std::vector<std::string> sets;  ///< apply after the speed; may not name one
};

/// The settings that a budget allows, and why.
struct BudgetChoice {
  std::string speed;  ///< for `detector.speed`
  Precision precision = Precision::Fp32;
  int64_t batch = 1;
  double seconds = 0;  ///< for one image, as measured
  std::string reason;  ///< one line for people
};

/// The first of the detector's speeds, which stand in the order of what they find, that this machine completes within
/// the budget: in float32 where that fits, else in bfloat16, which moves a map by less than another seed does. Where
/// `run.precision` is bf16, only that. On a GPU the batch is the one that makes a call cheapest, on a CPU that of
/// `run`, which changes nothing there. Costs are measured, a call of the network and all the rest apart; nothing is
/// kept. Throws Usage where even the cheapest does not fit, with what that takes.
BudgetChoice fit_budget(const Model& model, const BudgetRequest& request, const RunConfig& run);

}  // namespace thor
