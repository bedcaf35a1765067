// SPDX-License-Identifier: Apache-2.0
#include "thor/report/page.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/version.h"
#include "thor/image/image.h"
#include "thor/report/markup.h"
#include "thor/report/page_style.h"

namespace thor {
namespace {

/// Empty lines separate paragraphs.
std::string paragraphs(const std::string& text) {
  std::string out = "<p>";
  const std::string safe = escaped(text);
  for (size_t begin = 0, end; begin < safe.size(); begin = end == std::string::npos ? safe.size() : end + 2) {
    end = safe.find("\n\n", begin);
    if (begin > 0) out += "</p>\n<p>";
    out += safe.substr(begin, end == std::string::npos ? end : end - begin);
  }
  return out + "</p>\n";
}

bool is_number(const std::string& text) {
  return text.find_first_of("0123456789") != std::string::npos &&
         text.find_first_not_of("0123456789.,+-%–±[]() ") == std::string::npos;
}

/// A column of numbers is set flush right, its header too.
bool is_number_column(const std::vector<std::vector<std::string>>& rows, size_t column) {
  bool any = false;
  for (size_t i = 1; i < rows.size(); ++i) {
    if (column >= rows[i].size() || rows[i][column].empty() || rows[i][column] == "-") continue;
    if (!is_number(rows[i][column])) return false;
    any = true;
  }
  return any;
}

void write_row(std::ostream& out, const PageTable& table, size_t row, const std::vector<bool>& numbers) {
  const char* tag = row == 0 ? "th" : "td";
  out << "<tr>";
  for (size_t c = 0; c < table.rows[row].size(); ++c) {
    const bool bold = std::find(table.bold.begin(), table.bold.end(), std::pair(row, c)) != table.bold.end();
    const std::string text = escaped(table.rows[row][c]);
    out << fmt::format("<{0}{1}>{2}</{0}>", tag, c < numbers.size() && numbers[c] ? " class=\"number\"" : "",
                       bold ? "<strong>" + text + "</strong>" : text);
  }
  out << "</tr>\n";
}

void write_table(std::ostream& out, const PageTable& table) {
  if (table.rows.empty()) return;
  std::vector<bool> numbers;
  for (size_t c = 0; c < table.rows[0].size(); ++c) numbers.push_back(is_number_column(table.rows, c));
  out << "<div class=\"scroll\"><table>\n";
  if (!table.caption.empty()) out << "<caption>" << escaped(table.caption) << "</caption>\n";
  out << "<thead>";
  write_row(out, table, 0, numbers);
  out << "</thead>\n<tbody>\n";
  for (size_t i = 1; i < table.rows.size(); ++i) write_row(out, table, i, numbers);
  out << "</tbody>\n</table></div>\n";
}

void write_picture(std::ostream& out, const std::string& caption, const Tensor& unit) {
  const int64_t height = unit.size(-2), width = unit.size(-1);
  out << fmt::format("<figure><img width=\"{}\" height=\"{}\" alt=\"{}\" src=\"", width, height, escaped(caption))
      << embedded(encode_png(unit)) << "\"><figcaption>" << escaped(caption) << "</figcaption></figure>\n";
}

void write_case(std::ostream& out, const PageCase& one) {
  out << "<article>\n<div>\n<h3>" << escaped(one.title) << "</h3>\n";
  if (!one.text.empty()) out << paragraphs(one.text);
  out << "</div>\n<div class=\"pictures\">\n";
  for (const auto& [caption, unit] : one.pictures) write_picture(out, caption, unit);
  out << "</div>\n</article>\n";
}

void write_cases(std::ostream& out, const std::vector<PageCase>& cases, bool wide = false) {
  if (cases.empty()) return;
  out << (wide ? "<div class=\"cases wide\">\n" : "<div class=\"cases\">\n");
  for (const PageCase& one : cases) write_case(out, one);
  out << "</div>\n";
}

void write_section(std::ostream& out, const PageSection& section) {
  const std::string heading = "<h2>" + escaped(section.title) + "</h2>";
  out << "<section>\n" << (section.folded ? "<details><summary>" + heading + "</summary>" : heading) << "\n";
  if (!section.text.empty()) out << paragraphs(section.text);
  for (const PageTable& table : section.tables) write_table(out, table);
  if (!section.charts.empty()) out << "<div class=\"charts\">\n";
  for (const std::string& chart : section.charts) out << chart;
  if (!section.charts.empty()) out << "</div>\n";
  write_cases(out, section.cases, section.wide);
  out << (section.folded ? "</details>\n" : "") << "</section>\n";
}

void check_pictures(const std::vector<PageCase>& cases) {
  for (const PageCase& one : cases)
    for (const auto& [caption, unit] : one.pictures)
      if (!unit.defined() || !(unit.dim() == 2 || (unit.dim() == 3 && unit.size(0) == 3)))
        fail(ErrorKind::Internal, "picture '{}' of '{}' is neither [H,W] nor [3,H,W]", caption, one.title);
}

}  // namespace

void write_page(const std::string& path, const Page& page) {
  check_pictures(page.cases);
  for (const PageSection& section : page.sections) check_pictures(section.cases);
  write_stream_atomically(path, [&](std::ostream& out) {
    out << "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        << "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        << "<meta name=\"generator\" content=\"thor " << version() << "\">\n"
        << "<title>" << escaped(page.title) << "</title>\n<style>\n"
        << kPageStyle << "</style>\n</head>\n<body>\n"
        << "<header>\n<h1>" << escaped(page.title) << "</h1>\n";
    if (!page.introduction.empty()) out << paragraphs(page.introduction);
    out << "</header>\n<main>\n";
    write_table(out, {{}, page.table, {}});
    write_cases(out, page.cases);
    for (const PageSection& section : page.sections) write_section(out, section);
    out << "</main>\n<footer>thor " << version()
        << " · Research software, not a medical device.</footer>\n</body>\n</html>\n";
  });
}

}  // namespace thor
