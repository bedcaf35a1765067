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

/// Lesion cases of a row by oracle Dice with the first seed, best first.
std::vector<const CaseScores*> ranked_cases(const ComparedRow& row);
/// Which of a set's images is called so; -1 = none.
int64_t place_of(const MapSet& set, const std::string& name);
/// A map whose largest value is 1.
Tensor to_own_maximum(const Tensor& map);
/// The true lesion of image i of a set, on the network's grid: [size,size], 0 or 1.
Tensor mask_of(const std::vector<SplitRow>& truth, const MapSet& set, int64_t i);

/// Every case with the oracle Dice that each row reached, first seed.
PageTable case_table(const std::vector<ComparedRow>& rows);

}  // namespace thor
