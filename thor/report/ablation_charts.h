// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/eval/ablation.h"
#include "thor/report/compared_row.h"

namespace thor {

/// How oracle Dice (percent) depends on the axes: one axis of numbers gives a line for every group, another one or rows
/// a heat map of settings and groups; two axes a heat map of the mean over groups; three one for each value of the
/// first.
std::vector<std::string> ablation_charts(const AblationConfig& config, const std::vector<ComparedRow>& rows);

}  // namespace thor
