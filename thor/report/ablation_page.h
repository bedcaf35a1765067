// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/eval/ablation.h"
#include "thor/report/page.h"

namespace thor {

/// The results of an ablation: a table of all settings, how Dice depends on what is varied (a line over one axis of
/// numbers, else heat maps), telling cases, and where it comes from. Reads the maps of the cells for its pictures.
Page ablation_page(const AblationResult& result);

/// Writes results.csv, results.json and index.html into the config's output folder, each whole or not at all.
void write_ablation(const AblationResult& result);

}  // namespace thor
