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
/// One self-contained HTML file (pictures inside, no script needed, no network). Tables are given as rows of text.
struct Page {
  std::string title, introduction;
  std::vector<std::vector<std::string>> table;  ///< first row = header
  std::vector<PageCase> cases;
};
void write_page(const std::string& path, const Page& page);

}  // namespace thor
