// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/patch_grid.h"

#include <set>

#include "tests/support.h"
#include "thor/base/error.h"

namespace thor::test {
namespace {

TEST(PatchGrid, SpreadsItsPatchesEvenlyFromEdgeToEdge) {
  std::set<int64_t> rows, columns;
  for (const Patch& patch : patch_grid(128, 100, 48)) {
    EXPECT_EQ(patch.height, 48);
    EXPECT_EQ(patch.width, 48);
    rows.insert(patch.row);
    columns.insert(patch.column);
  }
  EXPECT_EQ(rows, (std::set<int64_t>{0, 40, 80}));
  EXPECT_EQ(columns, (std::set<int64_t>{0, 26, 52}));
  EXPECT_EQ(patch_grid(128, 100, 48).size(), 9u);
}

TEST(PatchGrid, CoversEveryPixelOfAnySize) {
  for (const int64_t side : {1, 5, 16, 17, 47, 96, 97})
    for (const int64_t patch : {1, 4, 16, 48}) {
      auto times = at::zeros({side, side + 3});
      for (const Patch& window : patch_grid(side, side + 3, patch)) window.of(times).add_(1);
      EXPECT_GE(times.min().item<double>(), 1) << side << " " << patch;
    }
}

TEST(PatchGrid, TilesWithoutOverlapWhereThePatchDividesTheSide) {
  auto times = at::zeros({96, 96});
  for (const Patch& window : patch_grid(96, 96, 48)) window.of(times).add_(1);
  EXPECT_EQ(max_abs_diff(times, at::ones({96, 96})), 0);
}

TEST(PatchGrid, APatchAsLargeAsTheImageIsTheImage) {
  for (const int64_t patch : {20, 48}) {
    const auto grid = patch_grid(16, 20, patch);
    ASSERT_EQ(grid.size(), 1u);
    EXPECT_EQ(grid[0].of(at::zeros({2, 1, 16, 20})).sizes(), (std::vector<int64_t>{2, 1, 16, 20}));
  }
}

TEST(PatchGrid, RefusesWhatIsNoPatch) { EXPECT_THROW(patch_grid(16, 16, 0), Error); }

}  // namespace
}  // namespace thor::test
