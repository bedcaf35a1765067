// SPDX-License-Identifier: Apache-2.0
#include "thor/report/chart.h"

#include <gmock/gmock.h>

#include "thor/base/error.h"
#include "thor/report/markup.h"

namespace thor {
namespace {

using ::testing::AllOf;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

size_t times(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

Chart two_lines() {
  return {"Dice", {"threshold", 0, 1}, {"Dice", 0, 1}, {{"THOR", {0, 0.5, 1}, {0, 1, 0}}, {"DDPM", {0, 1}, {0, 0.5}}}};
}

TEST(Chart, NamesItsTitleItsAxesAndItsSeries) {
  for (const std::string& svg : {line_chart(two_lines()), scatter_chart(two_lines())})
    for (const char* text : {">Dice<", ">threshold<", ">THOR<", ">DDPM<", "</svg>"}) EXPECT_THAT(svg, HasSubstr(text));
}

TEST(Chart, PutsTheLargestValueAtTheTopAndTheSmallestAtTheBottom) {
  Chart chart = two_lines();
  chart.series = {{"a", {0, 1}, {0, 1}}};
  EXPECT_THAT(line_chart(chart), HasSubstr("M62.0 284.0L446.0 34.0"));
}

TEST(Chart, InterruptsALineWhereAValueIsMissing) {
  Chart chart = two_lines();
  chart.series = {{"a", {0, 0.2, 0.4, 0.6, 0.8}, {0, 0.1, NAN, 0.3, 0.4}}};
  const std::string svg = line_chart(chart);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  const size_t path = svg.find("stroke-width=\"1.8\"");
  const std::string drawn = svg.substr(svg.rfind("<path", path), path - svg.rfind("<path", path));
  EXPECT_EQ(times(drawn, "M"), 2u);
}

TEST(Chart, LeavesWhatIsNotPositiveOffALogarithmicAxis) {
  Chart chart = two_lines();
  chart.x = {"pixels", NAN, NAN, true};
  chart.series = {{"a", {0, 1, 10, 100}, {0.1, 0.2, 0.3, 0.4}}};
  const std::string svg = scatter_chart(chart);
  EXPECT_EQ(times(svg, "<circle"), 3u + 1u);  // and the legend's
  EXPECT_THAT(svg, AllOf(HasSubstr(">1<"), HasSubstr(">10<"), HasSubstr(">100<"), Not(HasSubstr("nan"))));
}

TEST(Chart, TellsMoreThanEightSeriesApart) {
  Chart chart = two_lines();
  chart.series.assign(9, {"a", {0, 1}, {0, 1}});
  EXPECT_EQ(times(line_chart(chart), "stroke-dasharray"), 2u);  // the ninth line and its legend
}

TEST(Chart, OfNothingAndOfOnePointIsStillAChart) {
  EXPECT_THAT(line_chart({}), HasSubstr("</svg>"));
  Chart one;
  one.series = {{"a", {3}, {5}}};
  EXPECT_THAT(scatter_chart(one), AllOf(HasSubstr("<circle"), Not(HasSubstr("nan"))));
}

TEST(Chart, EscapesEveryText) {
  const std::string evil = "<script>\"'&";
  Chart chart = two_lines();
  chart.title = chart.x.title = chart.y.title = chart.series[0].name = evil;
  EXPECT_THAT(line_chart(chart), Not(HasSubstr("<script")));
  EXPECT_THAT(heat_map({evil, evil, evil, evil, {evil}, {evil}, {{1}}}), Not(HasSubstr("<script")));
}

TEST(Chart, RefusesSeriesAndHeatMapsThatDoNotFit) {
  Chart chart = two_lines();
  chart.series[0].y.pop_back();
  EXPECT_THROW(line_chart(chart), Error);
  EXPECT_THROW(heat_map({"t", "x", "y", "v", {"1", "2"}, {"a"}, {{1}}}), Error);
}

TEST(Chart, AHeatMapShowsEveryValueAndLeavesTheMissingEmpty) {
  const std::string svg = heat_map({"t", "x", "y", "Dice %", {"1", "2"}, {"a", "b"}, {{10.25, 20}, {NAN, 40}}});
  for (const char* text : {">10.25<", ">20<", ">40<", ">a<", ">b<", ">1<", ">2<", ">Dice %<"})
    EXPECT_THAT(svg, HasSubstr(text));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_EQ(times(svg, "<rect"), 1u + 4u);
}

TEST(Chart, ShortensLongNamesBetweenCharacters) {
  EXPECT_EQ(shortened("short", 8), "short");
  EXPECT_EQ(shortened("a long name", 6), "a lon…");
  EXPECT_EQ(shortened("größe", 4), "gr…");
  const std::string long_name(60, 'x');
  EXPECT_THAT(heat_map({"t", "x", "y", "v", {long_name}, {long_name}, {{1}}}), Not(HasSubstr(long_name)));
}

TEST(Chart, MarksAxesAtRoundNumbers) {
  EXPECT_THAT(axis_ticks(0, 1, 5), ElementsAre(DoubleNear(0, 1e-12), DoubleNear(0.2, 1e-12), DoubleNear(0.4, 1e-12),
                                               DoubleNear(0.6, 1e-12), DoubleNear(0.8, 1e-12), DoubleNear(1, 1e-12)));
  EXPECT_THAT(axis_ticks(3, 97, 5), ElementsAre(20, 40, 60, 80));
  EXPECT_TRUE(axis_ticks(1, 1, 5).empty());
}

}  // namespace
}  // namespace thor
