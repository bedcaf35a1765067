// SPDX-License-Identifier: Apache-2.0
#include "thor/data/split.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/utf8.h"
#include "thor/data/csv.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

constexpr uint64_t kMaxBytes = 64u << 20;

/// Which cell of a record is what.
struct Columns {
  size_t image = kNoColumn, mask = kNoColumn, group = kNoColumn;
};

Columns read_header(const CsvRecord& record) {
  Columns columns;
  for (const char* name : {"image", "filename", "path"})
    if (columns.image == kNoColumn) columns.image = find_column(record, name);
  columns.mask = find_column(record, "mask");
  columns.group = find_column(record, "group");
  if (columns.image == kNoColumn) {
    const auto& header = record.cells;
    const bool other_separator = header.size() == 1 && header[0].find_first_of(";\t") != std::string::npos;
    fail_input("no column 'image' (or 'filename' or 'path'); columns found: {}{}", fmt::join(header, ", "),
               other_separator ? "; separate the columns with commas" : "");
  }
  return columns;
}

/// A file that is listed but not found, and why where that can be told.
std::string missing_text(const std::string& csv_path, const std::string& written, int64_t line) {
  const fs::path folder = fs::path(csv_path).parent_path();
  std::string why;
  for (const fs::path& base : {folder, folder / ".."})
    if (why.empty()) why = absent_content((base / fs::path(bytes_of_utf8_text(written))).lexically_normal().string());
  if (why.empty() && bytes_of_utf8_text(written) != written) why = "the name is not UTF-8; save the list as UTF-8";
  return fmt::format("'{}' (line {}{}{})", written, line, why.empty() ? "" : ": ", why);
}

void check_missing(const std::vector<std::string>& missing, size_t rows) {
  constexpr size_t kShown = 3;
  if (missing.empty()) return;
  const auto end = missing.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, missing.size()));
  fail_input("{} file{} listed in {} rows cannot be found beside the CSV or in the folder above it: {}{}",
             missing.size(), missing.size() == 1 ? "" : "s", rows, fmt::join(missing.begin(), end, ", "),
             missing.size() > kShown ? ", ..." : "");
}

void check_duplicates(const std::vector<SplitRow>& rows) {
  std::map<std::string, int64_t> seen;
  std::error_code ec;
  for (const auto& row : rows) {
    const auto path = fs::weakly_canonical(row.image, ec);
    const auto [first, fresh] = seen.emplace(ec ? row.image : path.string(), row.line);
    if (!fresh) fail_input("image '{}' is listed twice, on lines {} and {}", row.name, first->second, row.line);
  }
}

std::vector<SplitRow> read_rows(const std::string& csv_path, const std::vector<CsvRecord>& records) {
  if (records.empty()) fail_input("the file is empty; expected a header with a column 'image' and one row per image");
  if (records.size() == 1) fail_input("the file has a header but no rows");
  const Columns columns = read_header(records[0]);
  const size_t width = records[0].cells.size();
  std::vector<SplitRow> rows;
  std::vector<std::string> missing;
  for (size_t i = 1; i < records.size(); ++i) {
    const auto& cells = records[i].cells;
    const int64_t line = records[i].line;
    for (size_t k = width; k < cells.size(); ++k)
      if (!cells[k].empty())
        fail_input("line {} has {} cells, the header {}; put names that contain commas in quotes", line, cells.size(),
                   width);
    const auto cell = [&](size_t column) { return column < cells.size() ? cells[column] : std::string(); };
    const auto found = [&](const std::string& written) {
      auto path = written.empty() ? std::string() : find_listed_file(csv_path, written);
      if (path.empty() && !written.empty()) missing.push_back(missing_text(csv_path, written, line));
      return path;
    };
    const std::string name = cell(columns.image);
    if (name.empty()) fail_input("line {} names no image", line);
    rows.push_back({found(name), found(cell(columns.mask)), cell(columns.group), name, line});
  }
  check_missing(missing, rows.size());
  check_duplicates(rows);
  return rows;
}

}  // namespace

std::string find_listed_file(const std::string& csv_path, const std::string& written) {
  const fs::path folder = fs::path(csv_path).parent_path();
  std::error_code ignored;
  // Names that are not UTF-8 stand in a table as `utf8_text` writes them.
  for (const std::string& name : {written, bytes_of_utf8_text(written)})
    for (const fs::path& base : {folder, folder / ".."}) {
      const fs::path path = base / fs::path(name);  // an absolute path replaces the base
      if (fs::is_regular_file(path, ignored) || fs::is_directory(path, ignored))
        return path.lexically_normal().string();
    }
  return {};
}

std::vector<SplitRow> read_split(const std::string& csv_path) {
  return with_context(fmt::format("reading '{}'", csv_path), [&] {
    // A file may be called by bytes that are not UTF-8.
    return read_rows(csv_path, parse_csv(utf8_text(read_text_file(csv_path, kMaxBytes))));
  });
}

}  // namespace thor
