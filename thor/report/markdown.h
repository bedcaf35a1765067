// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/report/page.h"

namespace thor {

/// A table for a text that is written in Markdown: its caption, a header row, what is best in bold.
std::string markdown_of(const PageTable& table);
/// All tables of a page under the headings of their sections; folded sections are left out.
std::string markdown_tables(const Page& page);

}  // namespace thor
