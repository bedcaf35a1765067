// SPDX-License-Identifier: Apache-2.0
#include "thor/report/markdown.h"

#include <algorithm>

#include "thor/base/error.h"

namespace thor {
namespace {

std::string cell_text(const PageTable& table, size_t row, size_t column) {
  std::string text;
  for (const char c : table.rows[row][column]) text += c == '|' ? "\\|" : std::string(1, c);
  const auto bold = std::make_pair(row, column);
  const bool best = std::find(table.bold.begin(), table.bold.end(), bold) != table.bold.end();
  return best ? "**" + text + "**" : text;
}

}  // namespace

std::string markdown_of(const PageTable& table) {
  std::string text = fmt::format("**{}**\n\n", table.caption);
  for (size_t row = 0; row < table.rows.size(); ++row) {
    text += "|";
    for (size_t column = 0; column < table.rows[row].size(); ++column)
      text += fmt::format(" {} |", cell_text(table, row, column));
    text += "\n";
    if (row > 0) continue;
    text += "|";
    for (size_t column = 0; column < table.rows[0].size(); ++column) text += "---|";
    text += "\n";
  }
  return text + "\n";
}

std::string markdown_tables(const Page& page) {
  std::string text = fmt::format("# {}\n\n{}\n\n", page.title, page.introduction);
  for (const PageSection& section : page.sections) {
    if (section.folded || section.tables.empty()) continue;
    text += fmt::format("## {}\n\n", section.title);
    for (const PageTable& table : section.tables) text += markdown_of(table);
  }
  return text;
}

}  // namespace thor
