// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/eval/evaluation.h"
#include "thor/report/page.h"

namespace thor {

/// Which figure of a column is set in bold.
enum class Best { Highest, Lowest, None };

/// A table built column by column: one row for each thing compared, the best figure of a column in bold. Figures that
/// are not finite are shown as "-"; a column of nothing else is left out.
/// One object serves one thread at a time.
class FigureTable {
 public:
  FigureTable(std::string caption, const std::string& row_title, const std::vector<std::string>& row_names);
  void add_text(const std::string& title, const std::vector<std::string>& cells);
  /// `format` is one of fmt's for a double.
  void add_figures(const std::string& title, const std::vector<double>& values, const char* format, Best best);
  /// Shares as percent with their intervals.
  void add_intervals(const std::string& title, const std::vector<Interval>& values, Best best);
  const PageTable& page_table() const { return table_; }

 private:
  void add(const std::string& title, const std::vector<std::string>& cells, const std::vector<double>& values,
           Best best);
  PageTable table_;
};

/// 0.2974 -> "29.7"; "-" where it is not finite.
std::string percent(double share);

}  // namespace thor
