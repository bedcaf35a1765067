// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/run_context.h"
#include "thor/synth/scanner_change.h"

namespace thor {

/// The job of simulating another scanner for a set of slices.
struct SimulateJob {
  std::string source;  ///< CSV of slices, with masks or without
  std::string output;  ///< folder
  ScannerChange change;
  uint64_t seed = 0;
  RunContext* context = nullptr;  ///< null = that of the calling thread
};

/// Writes every slice as another scanner might have given it: images/*.png (16 bit), masks/*.png and index.csv
/// (image,mask,group,original) -> the path of index.csv. The change of a slice depends only on the seed and its voxels.
/// Throws Input for a mask of another size, and if two slices have the same file name.
std::string write_simulated_set(const SimulateJob& job);

}  // namespace thor
