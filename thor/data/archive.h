// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "thor/data/preprocess.h"
#include "thor/data/split.h"
#include "thor/data/templates.h"

namespace thor {

/// Preprocessed slices ready for training: one safetensors file, memory-mapped, so no epoch decodes a picture.
/// Several threads may read one archive at once.
struct Archive {
  Tensor slices;                   ///< float32 [N,size,size] in [0,1], a view into the mapped file
  std::vector<std::string> names;  ///< N, as in the CSV
  PreprocessConfig preprocess;     ///< how they were made
  Templates templates;             ///< of the chain that volumes went through; travels into the model
  int64_t volumes = 0;             ///< how many volumes are among what it was made of
  std::vector<std::string> sick;   ///< scans among these whose masks mark a lesion
  std::string sha256;              ///< of the archive file or of the slices: names the data in provenance
};

/// True where a path is that of a prepared archive, by its ending.
bool is_archive(const std::string& path);
/// Decodes and preprocesses every row (progress shown), on all threads. Throws Input naming every unreadable file.
Archive prepare(const std::vector<SplitRow>& rows, const PreprocessConfig& config, const Templates& templates = {});
/// Writes an archive (atomic), and maps one. Files are hostile: sizes and dtypes are checked.
void write_archive(const std::string& path, const Archive& archive);
Archive read_archive(const std::string& path);
/// The SHA-256 of an archive's slices.
std::string sha256_of_slices(const Tensor& slices);
/// The archive, if it was prepared as `config` says (steps and slices count only where volumes are in it); else Usage.
Archive open_archive(const std::string& path, const PreprocessConfig& config);
/// Opens what a user names as training data: an archive (.safetensors), as above, or a CSV, which is prepared in
/// memory. Throws Input where masks of it mark a lesion: a model of health is trained on healthy scans. Templates that
/// an archive does not hold are looked for in `places`; where they are missing it is said that the model will take
/// ready slices only.
Archive open_training_data(const std::string& path, const PreprocessConfig& config, const TemplatePlaces& places = {});

}  // namespace thor
