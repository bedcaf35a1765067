// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/data/split.h"

namespace thor {

/// True where a row has a mask that marks anything. Throws Input where it cannot be read.
bool marks_lesion(const SplitRow& row);

/// The names of the rows whose masks mark anything, in order.
std::vector<std::string> names_of_sick(const std::vector<SplitRow>& rows);

/// Throws Input, naming `list`, how many and the first, where masks of its rows mark anything.
void check_healthy(const std::vector<SplitRow>& rows, const std::string& list);

/// The rows of a list of healthy scans. Throws Input as `read_split` and `check_healthy` do.
std::vector<SplitRow> read_healthy(const std::string& csv);

}  // namespace thor
