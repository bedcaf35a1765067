// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// Dice from counts of pixels: 2 hits / (predicted + truth), 0 where both are empty.
double dice_of_counts(double hits, double predicted, double truth);

/// Pooled pixels of a group of cases: map values and truth (0 or 1), same length. All exact (METHODS 10).
double dice(const Tensor& map, const Tensor& truth, double threshold);                             ///< map > threshold
std::vector<double> dice_curve(const Tensor& map, const Tensor& truth, int64_t thresholds = 101);  ///< 0..1
struct BestDice {
  double dice = 0, threshold = 0;
};
BestDice best_dice(const Tensor& map, const Tensor& truth, int64_t thresholds = 101);  ///< oracle
double average_precision(const Tensor& map, const Tensor& truth);                      ///< AUPRC; NaN without positives
double auroc(const Tensor& map, const Tensor& truth);  ///< ties count half; NaN without both classes

}  // namespace thor
