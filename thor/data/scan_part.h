// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/data/preprocess.h"
#include "thor/data/split.h"
#include "thor/data/templates.h"

namespace thor {

/// The part of an archive that comes from one scan.
struct ScanPart {
  Tensor slices;                   ///< float32 [n,size,size] in [0,1]
  std::vector<std::string> names;  ///< n names
  std::vector<float> z_mm;         ///< n heights after the steps
  Tensor brain;                    ///< uint8 [n,size,size], 0 or 1; all 0 where the steps do not know it
  Tensor pictures;                 ///< slices of a volume on the grid after the steps, uint8 [n,H,W], 255 = white
  bool volume = false;             ///< passed through the preprocessing steps
  JsonText record;                 ///< record of the steps, without seconds
  StateDict views;                 ///< pictures for the quality page, uint8 [H,W]; see step_views.h
};

/// Reads and prepares one scan. Throws like `read_scan`, `run_steps`, `slices_in` and `preprocess`.
ScanPart make_part(const SplitRow& scan, const PreprocessConfig& config, const Templates& templates);

/// Returns the key of everything that determines the part: preprocessing, templates, and the file with those beside it
/// that the steps read, by path, size and modification time.
std::string part_key(const SplitRow& scan, const PreprocessConfig& config, const std::string& templates_sha256);

/// Returns the file of a scan in the folder of parts.
std::string part_file(const std::string& folder, const SplitRow& scan);

/// Write a part atomically, and read one. Reading returns nothing if the file is absent, damaged or has another key.
/// The pictures are included if the part has them.
void write_part(const std::string& path, const ScanPart& part, const std::string& key);
std::optional<ScanPart> read_part(const std::string& path, const std::string& key);

/// Reads the pictures of a written part. Throws Input.
StateDict read_views(const std::string& path);

}  // namespace thor
