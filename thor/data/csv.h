// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace thor {

/// One record of a CSV file and the number of its first line, counted from 1.
struct CsvRecord {
  int64_t line = 0;
  std::vector<std::string> cells;
};

/// Splits CSV text (RFC 4180: commas, double quotes doubled inside quotes; any line end; a UTF-8 mark at the start is
/// skipped). Spaces around unquoted cells are dropped, records without any content are left out. Throws Input:
/// not UTF-8, a quote that never closes, text after a closing quote.
std::vector<CsvRecord> parse_csv(const std::string& text);

/// Returns the index of the column `name` (lower case) in a header, ignoring case; kNoColumn if there is none. Throws
/// Input if two columns have that name.
inline constexpr size_t kNoColumn = static_cast<size_t>(-1);
size_t find_column(const CsvRecord& header, const std::string& name);

/// Formats a cell for writing: it is quoted if it contains a comma, a quote, a line end or outer spaces; bytes that are
/// not UTF-8 are escaped as by `utf8_text`.
std::string csv_cell(const std::string& bytes);

}  // namespace thor
