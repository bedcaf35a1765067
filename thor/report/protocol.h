// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/report/compared_row.h"
#include "thor/report/page.h"

namespace thor {

/// What a protocol depends on beyond the config of the evaluation.
struct ProtocolFacts {
  size_t seeds = 1;
  std::vector<std::string> labels;  ///< of the thresholds on the page
  std::string first;                ///< what differences are taken to; "" = neither these nor intervals are shown
};
/// How the figures of a page were made, in words, so that nobody has to guess which Dice a Dice is.
std::string protocol_text(const EvaluationConfig& config, const ProtocolFacts& facts);

/// "" or which cases were not compared, and why.
std::string left_out_text(const std::vector<ComparedRow>& rows);

/// Every row's detector, settings, perceptual distance, device, model and version.
PageTable provenance_table(const std::vector<ComparedRow>& rows);

}  // namespace thor
