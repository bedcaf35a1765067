// SPDX-License-Identifier: Apache-2.0
#include "thor/data/percentile.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace thor {
namespace {

TEST(Percentile, IsThatOfTheSortedValues) {
  const Tensor values = (at::arange(997, at::kFloat) * 37).remainder(997).square();  // a permutation of squares
  const auto sorted = std::get<0>(values.sort());
  for (const double percent : {0.0, 12.3, 50.0, 98.0, 99.99, 100.0}) {
    const double place = percent / 100 * 996;
    const auto below = static_cast<int64_t>(place);
    const double low = sorted[below].item<double>(), high = sorted[std::min<int64_t>(below + 1, 996)].item<double>();
    EXPECT_NEAR(percentile_of(values.view({1, 997}), percent),
                low + (place - static_cast<double>(below)) * (high - low), 1e-6)
        << percent;
  }
}

TEST(Percentile, StandsValuesThatAreAllEqualOrFarApart) {
  EXPECT_EQ(percentile_of(at::full({10}, 7.f), 50), 7);
  Tensor values = at::zeros({1001});
  values[0] = -1e30f;
  values[1000] = 1e30f;
  EXPECT_EQ(percentile_of(values, 50), 0);
  EXPECT_EQ(percentile_of(values, 100), 1e30f);
}

}  // namespace
}  // namespace thor
