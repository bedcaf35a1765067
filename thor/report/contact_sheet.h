// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/report/compared_row.h"

namespace thor {

/// The `each` best, median and worst lesion cases of a row, by oracle Dice with the first seed, in three bands: a
/// column is a case, its pictures from the top the image, the true lesion over it, the pseudo-healthy image, and the
/// map to its own maximum. [3,H,W] in [0,1]; undefined where the row has no lesion case.
Tensor contact_sheet(const ComparedRow& row, const std::vector<SplitRow>& truth, size_t each);

}  // namespace thor
