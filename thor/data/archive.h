// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "thor/data/preprocess.h"
#include "thor/data/split.h"

namespace thor {

/// Preprocessed slices ready for training: one safetensors file, memory-mapped, so no epoch decodes a picture.
struct Archive {
  Tensor slices;                   ///< float32 [N,size,size] in [0,1], a view into the mapped file
  std::vector<std::string> names;  ///< N, as in the CSV
  PreprocessConfig preprocess;     ///< how they were made
  std::string sha256;              ///< of the archive file or of the slices: names the data in provenance
};

/// Decodes and preprocesses every row (progress shown). Throws Input naming every unreadable file.
Archive prepare(const std::vector<SplitRow>& rows, const PreprocessConfig& config);
/// Writes an archive (atomic), and maps one. Files are hostile: sizes and dtypes are checked.
void write_archive(const std::string& path, const Archive& archive);
Archive read_archive(const std::string& path);
/// Opens what a user names as training data: an archive (.safetensors) whose preprocessing must equal `config`, or a
/// CSV, which is prepared in memory.
Archive open_training_data(const std::string& path, const PreprocessConfig& config);

}  // namespace thor
