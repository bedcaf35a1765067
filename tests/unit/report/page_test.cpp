// SPDX-License-Identifier: Apache-2.0
#include "thor/report/page.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/version.h"

namespace thor {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string written(const Page& page) {
  const test::TemporaryFolder folder;
  write_page(folder / "page.html", page);
  return read_text_file(folder / "page.html", 1 << 26);
}

Page example() {
  const Tensor ramp = at::linspace(0, 1, 64 * 64, at::kFloat).view({64, 64});
  Page page;
  page.title = "Results";
  page.introduction = "First paragraph.\n\nSecond paragraph.";
  page.table = {{"group", "Dice"}, {"small", "0.297"}, {"all", "-"}};
  page.cases = {{"case 1", "score 0.02", {{"input", ramp}, {"overlay", at::stack({ramp, 1 - ramp, ramp})}}}};
  return page;
}

TEST(Page, HoldsTextTableAndPictures) {
  const std::string html = written(example());
  EXPECT_THAT(html, HasSubstr("<title>Results</title>"));
  EXPECT_THAT(html, HasSubstr("<p>First paragraph.</p>\n<p>Second paragraph.</p>"));
  EXPECT_THAT(html, HasSubstr(">0.297</td>"));
  EXPECT_THAT(html, HasSubstr("<figcaption>overlay</figcaption>"));
  size_t pictures = 0;  // iVBORw0KGgo is base64 of a PNG's first bytes
  const std::string png = "src=\"data:image/png;base64,iVBORw0KGgo";
  for (size_t at = html.find(png); at != std::string::npos; at = html.find(png, at + 1)) ++pictures;
  EXPECT_EQ(pictures, 2u);
}

TEST(Page, SetsTheCasesOfAWideSectionAcrossThePage) {
  Page page = example();
  page.sections = {{"Cases", "", {}, {}, page.cases}};
  EXPECT_THAT(written(page), Not(HasSubstr("<div class=\"cases wide\">")));
  page.sections[0].wide = true;
  EXPECT_THAT(written(page), HasSubstr("<div class=\"cases wide\">"));
}

TEST(Page, HoldsSectionsWithTablesChartsAndPictures) {
  Page page = example();
  PageSection section{"Curves", "What they show.", {{"By size", {{"a", "b"}, {"1", "2"}}, {{1, 1}}}},
                      {},       page.cases,        true};
  section.charts = {"<svg class=\"chart\"></svg>"};
  page.sections = {section};
  const std::string html = written(page);
  EXPECT_THAT(html, HasSubstr("<details><summary><h2>Curves</h2></summary>"));
  EXPECT_THAT(html, HasSubstr("<p>What they show.</p>"));
  EXPECT_THAT(html, HasSubstr("<caption>By size</caption>"));
  EXPECT_THAT(html, HasSubstr("<td class=\"number\">1</td><td class=\"number\"><strong>2</strong></td>"));
  EXPECT_THAT(html, HasSubstr("<svg class=\"chart\"></svg>"));
}

TEST(Page, SaysWhatItIsNotAndWhoWroteIt) {
  const std::string html = written(example());
  EXPECT_THAT(html, HasSubstr("Research software, not a medical device"));
  EXPECT_THAT(html, HasSubstr(std::string("thor ") + version()));
}

TEST(Page, EscapesEveryTextItIsGiven) {
  Page page = example();
  const std::string evil = "<script>alert('&\"')</script>";
  page.title = page.introduction = page.table[1][0] = page.cases[0].title = page.cases[0].text = evil;
  page.cases[0].pictures[0].first = evil;
  const std::string html = written(page);
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"));
}

TEST(Page, NeedsNoNetworkAndNoScript) {
  const std::string html = written(example());
  for (const char* foreign : {"http:", "https:", "<script", "<link", "@import", "url("})
    EXPECT_THAT(html, Not(HasSubstr(foreign)));
}

TEST(Page, WithNothingInItIsStillAPage) { EXPECT_THAT(written({}), HasSubstr("</html>")); }

TEST(Page, RefusesAPictureOfAnotherShapeAndWritesNothing) {
  const test::TemporaryFolder folder;
  Page page = example();
  page.cases[0].pictures[0].second = at::zeros({1, 4, 4});
  EXPECT_THROW(write_page(folder / "page.html", page), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace thor
