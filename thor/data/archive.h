// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "thor/data/preprocess.h"
#include "thor/data/split.h"
#include "thor/data/templates.h"

namespace thor {

/// Preprocessed slices for training in one memory-mapped safetensors file, so that no epoch decodes images.
/// Several threads may read one archive at once.
struct Archive {
  Tensor slices;                   ///< float32 [N,size,size] in [0,1], a view into the mapped file
  std::vector<std::string> names;  ///< N names, as in the CSV
  Tensor z_mm;                     ///< heights after the steps, float32 [N] (NaN = unknown)
  Tensor brain;                    ///< uint8 [N,size,size], 0 or 1; all 0 in slices whose brain is not known
  PreprocessConfig preprocess;     ///< preprocessing of the slices
  Templates templates;             ///< templates of the preprocessing steps; stored in the model too
  int64_t volumes = 0;             ///< number of volumes among the sources
  std::vector<std::string> sick;   ///< names of the scans with a lesion mask that marks something
  std::string sha256;              ///< SHA-256 of the archive file or of the slices, for provenance
};

/// Returns true if the ending of the path is that of a prepared archive.
bool is_archive(const std::string& path);
/// Decodes and preprocesses every row on all threads, with progress. Throws Input, naming every unreadable file.
Archive prepare(const std::vector<SplitRow>& rows, const PreprocessConfig& config, const Templates& templates = {});
/// Write an archive atomically, and map one. Files are untrusted: sizes and dtypes are checked.
void write_archive(const std::string& path, const Archive& archive);
Archive read_archive(const std::string& path);
/// Returns the SHA-256 of the slices of an archive.
std::string sha256_of_slices(const Tensor& slices);
/// Returns the archive. Throws Usage unless it was prepared according to `config` (steps and slices are compared only
/// if it contains volumes).
Archive open_archive(const std::string& path, const PreprocessConfig& config);
/// Opens training data: an archive (.safetensors), as above, or a CSV, which is prepared in memory. Throws Input if its
/// masks mark a lesion, because the model is trained on healthy scans only. Templates that an archive does not contain
/// are searched in `places`; if they are missing, a warning says that the model will accept preprocessed slices only.
Archive open_training_data(const std::string& path, const PreprocessConfig& config, const TemplatePlaces& places = {});

}  // namespace thor
