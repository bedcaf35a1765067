// SPDX-License-Identifier: Apache-2.0
// Status lines of docs/decisions: a page that was revised says by which, and that page says so too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace {

using Pages = std::map<std::string, std::string>;             // text by file name
using Links = std::set<std::pair<std::string, std::string>>;  // from which page, to which

// The status of a page: from "Status: " below the title to the first empty line; "" where there is none.
std::string status_of(const std::string& page) {
  const auto start = page.find('\n') + 1;
  if (start == 0 || page.compare(start, 8, "Status: ") != 0) return "";
  return page.substr(start, page.find("\n\n", start) - start);
}

// The pages that a status names behind these words, up to the words' next rival.
void add_links(Links& links, const std::string& from, std::string status, const std::string& words,
               const std::string& rival) {
  const auto start = status.find(words);
  if (start == std::string::npos) return;
  status = status.substr(start, status.find(rival, start) - start);
  static const std::regex link(R"(\[\d{4}\]\((\d{4}-[\w-]+\.md)\))");
  for (std::sregex_iterator it(status.begin(), status.end(), link), end; it != end; ++it)
    links.insert({from, (*it)[1].str()});
}

// One line for every link of a status that the other page's status does not answer, or that leads nowhere.
std::vector<std::string> unanswered(const Pages& pages) {
  Links revised, revises;
  for (const auto& [name, text] : pages) {
    add_links(revised, name, status_of(text), "revised by", "revises");
    add_links(revises, name, status_of(text), "revises", "revised by");
  }
  std::vector<std::string> breaches;
  for (const auto& [old, later] : revised)
    if (!revises.count({later, old})) breaches.push_back(old + " is revised by " + later + ", which does not say so");
  for (const auto& [later, old] : revises)
    if (!revised.count({old, later})) breaches.push_back(later + " revises " + old + ", which does not say so");
  return breaches;
}

Pages decisions() {
  Pages pages;
  for (const auto& entry : std::filesystem::directory_iterator(THOR_SOURCE_DIR "/docs/decisions")) {
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    pages[entry.path().filename().string()] = text.str();
  }
  return pages;
}

}  // namespace

TEST(Decisions, ThatWereRevisedAndThoseThatReviseThemNameEachOther) {
  const Pages pages = decisions();
  for (const char* old :
       {"0040-thresholds-end-at-the-largest-value.md", "0080-steady-rounding.md", "0085-fused-group-norm.md"}) {
    ASSERT_TRUE(pages.count(old)) << old;
    EXPECT_THAT(status_of(pages.at(old)), testing::HasSubstr("revised by")) << old;
  }
  EXPECT_THAT(unanswered(pages), testing::IsEmpty());
}

TEST(Decisions, ThatOnlyOneSideNamesAreFound) {
  const std::string by = "# 1\nStatus: revised by [0002](0002-b.md): not so.\n\nText.\n";
  EXPECT_THAT(unanswered({{"0001-a.md", by}, {"0002-b.md", "# 2\nRevises [0001](0001-a.md).\n"}}),
              testing::ElementsAre("0001-a.md is revised by 0002-b.md, which does not say so"));
  EXPECT_THAT(
      unanswered({{"0001-a.md", "# 1\n"}, {"0002-b.md", "# 2\nStatus: in force; revises [0001](0001-a.md).\n"}}),
      testing::ElementsAre("0002-b.md revises 0001-a.md, which does not say so"));
  EXPECT_THAT(unanswered({{"0001-a.md", by}, {"0002-b.md", "# 2\nStatus: in force; revises [0001](0001-a.md).\n"}}),
              testing::IsEmpty());
}
