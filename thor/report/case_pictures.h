// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/report/compared_row.h"
#include "thor/report/page.h"

namespace thor {

/// Which pictures of each compared row stand beside a case.
enum class CaseDetail { MapsAndPseudoHealthy, MapsOnly };

/// The best, the median and the worst lesion case of the first row, at its oracle threshold and with the first seed:
/// the image, its mask over it, and what every row found. Every map is drawn to its own maximum.
std::vector<PageCase> telling_cases(const std::vector<ComparedRow>& rows, const std::vector<SplitRow>& truth,
                                    CaseDetail detail);

/// Every case with the oracle Dice that each row reached, first seed.
PageTable case_table(const std::vector<ComparedRow>& rows);

}  // namespace thor
