// SPDX-License-Identifier: Apache-2.0
#include "thor/report/figure_table.h"

#include <gmock/gmock.h>

#include <cmath>

#include "thor/base/error.h"

namespace thor {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(FigureTable, SetsTheBestOfAColumnInBold) {
  FigureTable table("c", "method", {"a", "b", "c"});
  table.add_figures("Dice", {0.1, 0.3, NAN}, "{:.2f}", Best::Highest);
  table.add_figures("seconds", {2, 1, 1}, "{:.0f}", Best::Lowest);
  table.add_figures("cases", {9, 8, 7}, "{:.0f}", Best::None);
  EXPECT_THAT(table.page_table().rows[0], ElementsAre("method", "Dice", "seconds", "cases"));
  EXPECT_THAT(table.page_table().rows[2], ElementsAre("b", "0.30", "1", "8"));
  EXPECT_EQ(table.page_table().rows[3][1], "-");
  EXPECT_THAT(table.page_table().bold, ElementsAre(Pair(2, 1), Pair(2, 2), Pair(3, 2)));
}

TEST(FigureTable, ShowsIntervalsInPercentAsFarAsTheyAreKnown) {
  FigureTable table("c", "method", {"a", "b", "c"});
  table.add_intervals("Dice", {{0.2974, 0.25, 0.333}, {0.1, NAN, NAN}, {NAN, NAN, NAN}}, Best::Highest);
  EXPECT_EQ(table.page_table().rows[1][1], "29.7 [25.0, 33.3]");
  EXPECT_EQ(table.page_table().rows[2][1], "10.0");
  EXPECT_EQ(table.page_table().rows[3][1], "-");
  EXPECT_THAT(table.page_table().bold, ElementsAre(Pair(1, 1)));
}

TEST(FigureTable, LeavesOutColumnsWithoutAnyFigure) {
  FigureTable table("c", "method", {"a", "b"});
  table.add_figures("AUROC", {NAN, NAN}, "{:.2f}", Best::Highest);
  EXPECT_THAT(table.page_table().rows[0], ElementsAre("method"));
}

TEST(FigureTable, OneRowAloneIsNotTheBest) {
  FigureTable table("c", "method", {"a"});
  table.add_figures("Dice", {0.5}, "{:.1f}", Best::Highest);
  EXPECT_TRUE(table.page_table().bold.empty());
}

TEST(FigureTable, RefusesAColumnOfAnotherLength) {
  FigureTable table("c", "method", {"a", "b"});
  EXPECT_THROW(table.add_text("x", {"1"}), Error);
}

}  // namespace
}  // namespace thor
