// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/report/chart.h"
#include "thor/report/page.h"

namespace thor {

/// The losses of one training, as its log.jsonl says; NaN-free, by step.
struct LearningCurve {
  std::string name;
  Series validation;  ///< validation loss at each validation
  Series training;    ///< mean training loss of every `kStepsOfAMean` steps, at the last of them; may be empty
};
inline constexpr int64_t kStepsOfAMean = 100;

/// Reads RUN/log.jsonl, or a file of such lines; the curve is called like the folder, or the file. Throws Input: no
/// log, a line that is no JSON object (which line), no loss in it.
LearningCurve read_learning_curve(const std::string& run);

/// Validation loss over optimizer steps, all runs in one chart, logarithmic; the same of the training loss.
std::string validation_chart(const std::vector<LearningCurve>& curves);
std::string training_chart(const std::vector<LearningCurve>& curves);
/// Both, with a table of the last and the lowest validation loss of every run.
Page curves_page(const std::vector<LearningCurve>& curves);

}  // namespace thor
