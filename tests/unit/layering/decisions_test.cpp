// SPDX-License-Identifier: Apache-2.0
// The head of each page of docs/decisions: number, date and status. A page that was revised names the later page, and
// that page names it too.
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

// The status of a page: from "Status: " below the date to the first empty line; "" where there is none.
std::string status_of(const std::string& page) {
  static const std::regex head("# \\d{4} [^\n]+\nDate: \\d{4}-\\d{2}-\\d{2}\n(?=Status: )");
  std::smatch match;
  if (!std::regex_search(page, match, head, std::regex_constants::match_continuous)) return "";
  const auto start = static_cast<size_t>(match.length());
  return page.substr(start, page.find("\n\n", start) - start);
}

// One line for every page whose head is not a title with the number of its file, a date and a known status.
std::vector<std::string> without_head(const Pages& pages) {
  std::vector<std::string> breaches;
  for (const auto& [name, text] : pages) {
    const std::string status = status_of(text);
    const bool known = status.rfind("Status: in force", 0) == 0 || status.rfind("Status: revised by [", 0) == 0;
    if (!known || text.compare(0, 7, "# " + name.substr(0, 4) + " ") != 0) breaches.push_back(name);
  }
  return breaches;
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
    if (entry.path().filename() == "README.md") continue;
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

TEST(Decisions, BeginWithTheirNumberADateAndAStatus) {
  const Pages pages = decisions();
  EXPECT_GE(pages.size(), 50u);
  EXPECT_THAT(without_head(pages), testing::IsEmpty());
}

TEST(Decisions, WithoutNumberDateOrStatusAreFound) {
  const std::string body = "\n\nText.\n";
  EXPECT_THAT(without_head({{"0001-a.md", "# 0001 A\nDate: 2026-11-22\nStatus: in force." + body},
                            {"0002-b.md", "# 0002 B\nStatus: in force." + body},
                            {"0003-c.md", "# 0003 C\nDate: 2026-11-22" + body},
                            {"0004-d.md", "# D\nDate: 2026-11-22\nStatus: in force." + body},
                            {"0005-e.md", "# 0004 E\nDate: 2026-11-22\nStatus: in force." + body},
                            {"0006-f.md", "# 0006 F\nDate: 2026-11-22\nStatus: perhaps." + body}}),
              testing::ElementsAre("0002-b.md", "0003-c.md", "0004-d.md", "0005-e.md", "0006-f.md"));
}

TEST(Decisions, ThatOnlyOneSideNamesAreFound) {
  const auto page = [](const std::string& status) {
    return "# 0001 A\nDate: 2026-11-22\nStatus: " + status + "\n\nText.\n";
  };
  const std::string by = page("revised by [0002](0002-b.md): not so."),
                    revises = page("in force; revises [0001](0001-a.md).");
  EXPECT_THAT(unanswered({{"0001-a.md", by}, {"0002-b.md", page("in force.")}}),
              testing::ElementsAre("0001-a.md is revised by 0002-b.md, which does not say so"));
  EXPECT_THAT(unanswered({{"0001-a.md", page("in force.")}, {"0002-b.md", revises}}),
              testing::ElementsAre("0002-b.md revises 0001-a.md, which does not say so"));
  EXPECT_THAT(unanswered({{"0001-a.md", by}, {"0002-b.md", revises}}), testing::IsEmpty());
}
