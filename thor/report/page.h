// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// One row of pictures on a results page.
struct PageCase {
  std::string title, text;
  std::vector<std::pair<std::string, Tensor>> pictures;  ///< caption, [H,W] or [3,H,W] in [0,1]
};
/// A table with the cells that are set in bold, as (row, column) of `rows`.
struct PageTable {
  std::string caption;
  std::vector<std::vector<std::string>> rows;  ///< first row = header
  std::vector<std::pair<size_t, size_t>> bold;
};
/// A part of a page under its own heading: text, then tables, charts and rows of pictures.
struct PageSection {
  std::string title, text;
  std::vector<PageTable> tables;
  std::vector<std::string> charts;  ///< SVG, as the functions of chart.h give it
  std::vector<PageCase> cases;
  bool folded = false;  ///< only the heading is seen until it is opened
  bool wide = false;    ///< a case fills the page's width: its text on the left, its pictures beside it
};
/// One self-contained HTML file (pictures inside, no script needed, no network). Tables are given as rows of text.
struct Page {
  std::string title, introduction;
  std::vector<std::vector<std::string>> table;  ///< first row = header
  std::vector<PageCase> cases;
  std::vector<PageSection> sections;  ///< after the cases
};
void write_page(const std::string& path, const Page& page);

}  // namespace thor
