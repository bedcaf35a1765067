// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/data/split.h"

namespace thor {

/// Returns true if the row has a mask with any marked voxel. Throws Input if the mask cannot be read.
bool marks_lesion(const SplitRow& row);

/// Returns the names of the rows with any marked voxel in their masks, in order.
std::vector<std::string> names_of_sick(const std::vector<SplitRow>& rows);

/// Throws Input if masks of the rows mark any voxel; the message has `list`, the number of such rows and the first one.
void check_healthy(const std::vector<SplitRow>& rows, const std::string& list);

/// Reads a list of healthy scans. Throws Input like `read_split` and `check_healthy`.
std::vector<SplitRow> read_healthy(const std::string& csv);

}  // namespace thor
