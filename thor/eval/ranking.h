// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

namespace thor {

/// AUPRC (average precision; NaN without positives) and AUROC (NaN without both classes).
struct Areas {
  double auprc = 0, auroc = 0;
};

/// Both areas from values that come in descending order, equal ones together: METHODS 10.
/// One object serves one thread at a time.
class Ranking {
 public:
  /// `positives` and `negatives` of each class, given in advance.
  Ranking(double positives, double negatives) : positives_(positives), negatives_(negatives) {}
  /// The pixels of the next lower value, all tied with each other.
  void next(double positives, double negatives);
  Areas areas() const;

 private:
  double positives_, negatives_;
  double hits_ = 0, found_ = 0, precision_sum_ = 0, ordered_pairs_ = 0;
};

/// The areas of map values of healthy (`negative`) and lesion (`positive`) pixels, exactly. Sorts both.
Areas areas_under_curves(std::vector<float>& negative, std::vector<float>& positive);

}  // namespace thor
