// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/data/split.h"

namespace thor {

/// Throws Input where two images have the same file name, so that what is written of them would meet in one file.
void check_file_names(const std::vector<SplitRow>& rows);

}  // namespace thor
