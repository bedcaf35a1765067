// SPDX-License-Identifier: Apache-2.0
#include "thor/report/markdown.h"

#include <gmock/gmock.h>

namespace thor {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

PageTable two_methods() { return {"Dice", {{"method", "small"}, {"a|b", "1.0"}, {"c", "2.0"}}, {{2, 1}}}; }

TEST(Markdown, HasAHeaderAndSetsTheBestInBold) {
  EXPECT_EQ(markdown_of(two_methods()),
            "**Dice**\n\n| method | small |\n|---|---|\n| a\\|b | 1.0 |\n| c | **2.0** |\n\n");
}

TEST(Markdown, LeavesFoldedSectionsOut) {
  Page page;
  page.title = "Comparison";
  page.sections.push_back({"stroke", "", {two_methods()}, {}, {}, false});
  page.sections.push_back({"every case", "", {two_methods()}, {}, {}, true});
  const std::string text = markdown_tables(page);
  EXPECT_THAT(text, HasSubstr("# Comparison"));
  EXPECT_THAT(text, HasSubstr("## stroke"));
  EXPECT_THAT(text, Not(HasSubstr("every case")));
}

}  // namespace
}  // namespace thor
