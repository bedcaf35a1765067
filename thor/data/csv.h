// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace thor {

/// One record of a CSV file and the line it starts on, counted from 1.
struct CsvRecord {
  int64_t line = 0;
  std::vector<std::string> cells;
};

/// Splits CSV text (RFC 4180: commas, double quotes doubled inside quotes; any line end; a UTF-8 mark at the start is
/// skipped). Spaces around unquoted cells are dropped, records without any content are left out. Throws Input:
/// not UTF-8, a quote that never closes, text after a closing quote.
std::vector<CsvRecord> parse_csv(const std::string& text);

/// The place of the column called `name` (lower case) in a header, whatever its capitals; kNoColumn where there is
/// none. Throws Input where two are called so.
inline constexpr size_t kNoColumn = static_cast<size_t>(-1);
size_t find_column(const CsvRecord& header, const std::string& name);

/// A cell as it must be written: quoted where it holds a comma, a quote, a line end or outer spaces; bytes that are
/// no UTF-8 as `utf8_text` writes them.
std::string csv_cell(const std::string& bytes);

}  // namespace thor
