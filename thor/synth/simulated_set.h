// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/run_context.h"
#include "thor/synth/scanner_change.h"

namespace thor {

/// Which set is changed how, and where it goes.
struct SimulateJob {
  std::string source;  ///< CSV of slices, with masks or without
  std::string output;  ///< folder
  ScannerChange change;
  uint64_t seed = 0;
  RunContext* context = nullptr;  ///< null = that of the calling thread
};

/// Writes every slice as another scanner might have given it: images/*.png (16 bit), masks/*.png and index.csv
/// (image,mask,group,original) -> the path of index.csv. What happens to a slice depends on the seed and its voxels
/// alone. Throws Input for a mask of another size, and where two slices have the same file name.
std::string write_simulated_set(const SimulateJob& job);

}  // namespace thor
