// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "thor/base/tensor.h"
#include "thor/eval/ranking.h"

namespace thor {

enum class PixelKind { Healthy, Lesion };

/// The pooled pixels of a group of cases: map values of healthy and of lesion pixels. Exact while it holds at most
/// `exact_limit` values; beyond, they are folded into a histogram of fixed size (32 MB) whose bins are as wide as 2^-12
/// of their values, so that values closer than that count as tied. Memory is bounded however many pixels come.
/// One object serves one thread at a time.
class PixelPool {
 public:
  explicit PixelPool(size_t exact_limit = 32'000'000) : exact_limit_(exact_limit) {}
  /// Map and truth (above 0: lesion) of equal size. Throws Input where the map holds values that are not finite.
  void add(const Tensor& map, const Tensor& truth);
  void add(const PixelPool& other);
  int64_t count(PixelKind kind) const;
  bool exact() const { return bins_[0].empty(); }
  /// AUPRC and AUROC. Not const: exact values are put in order.
  Areas areas();
  /// Linear interpolation between order statistics, q in [0,1]; once folded within 2^-12 of the value. NaN where no
  /// pixel is of that kind.
  double quantile(PixelKind kind, double q);

 private:
  void fold();
  size_t exact_limit_;
  std::array<std::vector<float>, 2> values_;  // by PixelKind, while exact
  std::array<std::vector<int64_t>, 2> bins_;  // by PixelKind, once folded
};

}  // namespace thor
