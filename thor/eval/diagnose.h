// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/data/case_list.h"
#include "thor/data/split.h"
#include "thor/pipeline/model.h"
#include "thor/pipeline/pipeline.h"

namespace thor {

/// How much of a result is chance or choice: one figure over all images and pairs of runs.
struct Sensitivity {
  std::string what;
  double mean = 0, worst = 0;  ///< NaN (null in JSON) where nothing could be compared
  int64_t compared = 0;        ///< images, or images times pairs of runs
};
struct Diagnosis {
  int64_t images = 0, seeds = 0;
  std::vector<Sensitivity> figures;
  std::vector<CaseFailure> failed;
  JsonText to_json() const;
  std::string table() const;  ///< for people
};

struct DiagnoseRequest {
  std::string detector;           ///< "" = the one the model recommends
  std::vector<std::string> sets;  ///< "detector.start_step=250"
  std::vector<SplitRow> rows;     ///< pixels of their masks do not count as healthy tissue
  int64_t seeds = 4;              ///< runs with seed, seed + 1, ...; at least 2
};

/// Detects all rows with several seeds, and once more with the start step 10 % lower and higher where the detector has
/// one: the share of healthy tissue that the chain changed by more than 0.1, the correlation of maps between seeds and
/// between start steps, and the spread of image scores. Rows whose mask cannot be used are listed in `failed`. Throws
/// Usage: fewer than 2 seeds. Throws Interrupted.
Diagnosis diagnose(const Model& model, DiagnoseRequest request, const RunConfig& run);

/// Pearson correlation of two maps; NaN where one of them is constant.
double map_correlation(const Tensor& a, const Tensor& b);

}  // namespace thor
