// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/eval/ablation.h"
#include "thor/report/compared_row.h"

namespace thor {

/// How oracle Dice (percent) depends on the axes: one axis of numbers gives a line for every group, another one or rows
/// a heat map of settings and groups; two axes a heat map of the mean over groups; three one for each value of the
/// first, and more than three none. `rows` are the settings without the references.
std::vector<std::string> ablation_charts(const AblationConfig& config, const std::vector<ComparedRow>& rows);

/// Network calls against oracle Dice of every group and against the correlation with the first setting: a point for
/// each setting, a colour for each value of the first axis and each reference. None where all settings cost the same or
/// there is no reference. `correlation` and `rows` are as the settings.
std::vector<std::string> cost_charts(const AblationResult& result, const std::vector<ComparedRow>& rows,
                                     const std::vector<Interval>& correlation);

}  // namespace thor
