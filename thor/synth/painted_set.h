// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/run_context.h"
#include "thor/synth/painting.h"

namespace thor {

/// The job of painting lesions into a set of slices.
struct PaintJob {
  std::string healthy;  ///< CSV of healthy slices
  std::string output;   ///< folder
  PaintConfig config;
  uint64_t seed = 0;
  RunContext* context = nullptr;  ///< null = that of the calling thread
};

/// Paints a lesion of each group into every slice of the list and writes images/*.png (of the source's depth),
/// masks/*.png and index.csv (image,mask,healthy,group,pixels128,contrast) into the folder. -> the path of index.csv.
/// The lesion of a slice depends only on the seed, its voxels and the group. Throws Input for a slice that has a mask
/// already or cannot be painted, and if two slices have the same file name.
std::string write_painted_set(const PaintJob& job);

}  // namespace thor
