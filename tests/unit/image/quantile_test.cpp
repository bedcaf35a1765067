// SPDX-License-Identifier: Apache-2.0
#include "thor/image/quantile.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "thor/base/error.h"

namespace thor {
namespace {

TEST(Quantile, IsThatOfTheSortedValues) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    const Tensor values = (at::arange(997, type) * 37).remainder(997).square();  // a permutation of squares
    const auto sorted = std::get<0>(values.sort());
    for (const double share : {0.0, 0.123, 0.5, 0.98, 0.9999, 1.0}) {
      const double place = share * 996;
      const auto below = static_cast<int64_t>(place);
      const double low = sorted[below].item<double>(), high = sorted[std::min<int64_t>(below + 1, 996)].item<double>();
      EXPECT_NEAR(quantile_of(values.view({1, 997}), share), low + (place - static_cast<double>(below)) * (high - low),
                  1e-6)
          << share;
      EXPECT_EQ(quantile_of(values, share, Between::Lower), low) << share;
    }
  }
}

TEST(Quantile, InterpolatesBetweenTheNeighbours) {
  const Tensor values = at::tensor({4.0, 1.0, 3.0, 2.0}, at::kDouble);
  EXPECT_DOUBLE_EQ(quantile_of(values, 0), 1);
  EXPECT_DOUBLE_EQ(quantile_of(values, 1), 4);
  EXPECT_DOUBLE_EQ(quantile_of(values, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile_of(values, 0.95), 3.85);
  EXPECT_DOUBLE_EQ(quantile_of(values, 0.95, Between::Lower), 3);
  EXPECT_DOUBLE_EQ(quantile_of(at::tensor({7.0}, at::kDouble), 0.3), 7);
}

TEST(Quantile, StandsValuesThatAreAllEqualOrFarApart) {
  EXPECT_EQ(quantile_of(at::full({10}, 7.f), 0.5), 7);
  Tensor values = at::zeros({1001});
  values[0] = -1e30f;
  values[1000] = 1e30f;
  EXPECT_EQ(quantile_of(values, 0.5), 0);
  EXPECT_EQ(quantile_of(values, 1), 1e30f);
  const double most = std::numeric_limits<double>::max(), least = std::numeric_limits<double>::denorm_min();
  EXPECT_EQ(quantile_of(at::tensor({most, 1.0, -most}, at::kDouble), 0.5), 1);
  EXPECT_EQ(quantile_of(at::tensor({least, 0.0, 2 * least}, at::kDouble), 0.5), least);
}

TEST(Quantile, RefusesValuesThatAreNotFiniteAndSharesOutsideOfTheUnitInterval) {
  EXPECT_THROW(quantile_of(at::tensor({1.f, NAN, 2.f}), 0.5), Error);
  EXPECT_THROW(quantile_of(at::tensor({1.f, INFINITY, 2.f}), 0.5), Error);
  EXPECT_THROW(quantile_of(at::tensor({1.f}), 1.01), Error);
  EXPECT_THROW(quantile_of(at::empty({0}), 0.5), Error);
}

}  // namespace
}  // namespace thor
