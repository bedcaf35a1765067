// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/growth.h"

#include <limits>

#include "tests/support.h"

namespace thor {
namespace {

TEST(Growth, TakesTheNearestPixelsWhereAllCostTheSame) {
  const Tensor region = grow_region(at::ones({9, 9}), {4 * 9 + 4, 13});
  for (int64_t r = 0; r < 9; ++r)
    for (int64_t c = 0; c < 9; ++c)
      EXPECT_EQ(region[r][c].item<float>(), std::abs(r - 4) + std::abs(c - 4) <= 2 ? 1 : 0) << r << ' ' << c;
}

TEST(Growth, FollowsTheCheapWay) {
  Tensor cost = at::full({9, 9}, 10.F);
  cost[4].fill_(1);
  EXPECT_TRUE(at::equal(grow_region(cost, {4 * 9, 9}), cost.eq(1).to(at::kFloat)));
}

TEST(Growth, NeverEntersWhatIsForbiddenAndEndsWhereNothingIsLeft) {
  Tensor cost = at::ones({6, 6});
  cost.slice(1, 3, 4).fill_(std::numeric_limits<float>::infinity());
  const Tensor region = grow_region(cost, {0, 100});
  EXPECT_EQ(region.sum().item<double>(), 18);
  EXPECT_EQ(region.slice(1, 3).sum().item<double>(), 0);
}

}  // namespace
}  // namespace thor
