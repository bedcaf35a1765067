// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/report/compared_row.h"

namespace thor {

// Curves of the first seed, as SVG.

/// Precision over recall of pixels in one group.
std::string precision_recall_chart(const std::vector<ComparedRow>& rows, const std::string& group);
/// Pooled Dice over the threshold in one group.
std::string dice_threshold_chart(const std::vector<ComparedRow>& rows, const std::string& group);
/// Lesions found over false findings per case (FROC), all cases.
std::string froc_chart(const std::vector<ComparedRow>& rows);
/// Dice of every lesion case over the size of its lesion.
std::string dice_size_chart(const std::vector<ComparedRow>& rows);

}  // namespace thor
