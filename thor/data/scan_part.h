// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "thor/data/preprocess.h"
#include "thor/data/split.h"
#include "thor/data/templates.h"

namespace thor {

/// One scan on its way into an archive.
struct ScanPart {
  Tensor slices;                   ///< float32 [n,size,size] in [0,1]
  std::vector<std::string> names;  ///< n
  Tensor pictures;                 ///< uint8 [n,H,W]: of a volume, its slices on the chain's own grid, 255 = white
  bool volume = false;             ///< went through the chain
  nlohmann::json record;           ///< of the chain, without seconds
  StateDict views;                 ///< pictures for the quality page, uint8 [H,W]; see step_views.h
};

/// Reads and prepares one scan. Throws as `read_scan`, `run_steps`, `slices_in` and `preprocess` do.
ScanPart make_part(const SplitRow& scan, const PreprocessConfig& config, const Templates& templates);

/// What decides how a scan comes out: preprocessing, templates, and the file, with those beside it that the steps read,
/// by path, size and time of change.
std::string part_key(const SplitRow& scan, const PreprocessConfig& config, const std::string& templates_sha256);

/// The file of a scan in the folder where parts are kept.
std::string part_file(const std::string& folder, const SplitRow& scan);

/// Writes a part (atomic), and reads it again: nothing where it is absent, damaged or was made under another key. Its
/// pictures are there if it had them.
void write_part(const std::string& path, const ScanPart& part, const std::string& key);
std::optional<ScanPart> read_part(const std::string& path, const std::string& key);

/// The pictures of a part that was written. Throws Input.
StateDict read_views(const std::string& path);

}  // namespace thor
