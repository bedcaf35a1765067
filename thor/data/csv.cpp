// SPDX-License-Identifier: Apache-2.0
#include "thor/data/csv.h"

#include <algorithm>

#include "thor/base/error.h"
#include "thor/base/utf8.h"

namespace thor {
namespace {

constexpr const char* kBlank = " \t";

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

void check_utf8(const std::string& text) {
  for (size_t i = 0; i < text.size();) {
    const size_t bytes = utf8_character(text, i);
    if (bytes == 0)
      fail_input(
          "line {} is not UTF-8 text; save the table as \"CSV UTF-8\"; a byte of a file's name that is not UTF-8 is "
          "written as "
          "\\xfc",
          1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(i), '\n'));
    i += bytes;
  }
}

/// Reads one record after another.
class Reader {
 public:
  Reader(const std::string& text, size_t start) : text_(text), at_(start) {}

  bool done() const { return at_ >= text_.size(); }

  CsvRecord record() {
    CsvRecord record{line_, {cell()}};
    while (!done() && text_[at_] == ',') {
      ++at_;
      record.cells.push_back(cell());
    }
    end_line();
    return record;
  }

 private:
  bool at_end_of_cell() const { return done() || text_[at_] == ',' || text_[at_] == '\n' || text_[at_] == '\r'; }

  std::string cell() {
    const size_t start = at_;
    while (!done() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    if (!done() && text_[at_] == '"') return quoted();
    while (!at_end_of_cell()) ++at_;
    return trimmed(text_.substr(start, at_ - start));
  }

  std::string quoted() {
    const int64_t opened = line_;
    std::string value;
    for (++at_;; ++at_) {
      if (done()) fail_input("the quote opened on line {} never closes", opened);
      if (text_[at_] == '"') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
        ++at_;
      }
      if (text_[at_] == '\n') ++line_;
      value += text_[at_];
    }
    const size_t after = ++at_;
    while (!at_end_of_cell()) ++at_;
    if (!trimmed(text_.substr(after, at_ - after)).empty())
      fail_input("line {} has text after a closing quote; a quote inside quotes is written twice", line_);
    return value;
  }

  void end_line() {
    if (!done() && text_[at_] == '\r') ++at_;
    if (!done() && text_[at_] == '\n') ++at_;
    ++line_;
  }

  const std::string& text_;
  size_t at_;
  int64_t line_ = 1;
};

}  // namespace

std::vector<CsvRecord> parse_csv(const std::string& text) {
  check_utf8(text);
  std::vector<CsvRecord> records;
  for (Reader reader(text, text.compare(0, 3, "\xEF\xBB\xBF") == 0 ? 3 : 0); !reader.done();) {
    CsvRecord record = reader.record();
    const auto blank = [](const std::string& cell) { return cell.empty(); };
    if (!std::all_of(record.cells.begin(), record.cells.end(), blank)) records.push_back(std::move(record));
  }
  return records;
}

size_t find_column(const CsvRecord& header, const std::string& name) {
  const auto called_so = [&](const std::string& cell) {
    return cell.size() == name.size() && std::equal(cell.begin(), cell.end(), name.begin(), [](char a, char b) {
             return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
           });
  };
  const auto found = std::find_if(header.cells.begin(), header.cells.end(), called_so);
  if (found == header.cells.end()) return kNoColumn;
  if (std::find_if(found + 1, header.cells.end(), called_so) != header.cells.end())
    fail_input("two columns are called '{}'", name);
  return static_cast<size_t>(found - header.cells.begin());
}

std::string csv_cell(const std::string& bytes) {
  const std::string text = utf8_text(bytes);
  if (text.find_first_of(",\"\r\n") == std::string::npos && trimmed(text) == text) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace thor
