// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/eval/map_set.h"

namespace thor {

/// Finished sets of maps in a folder, each under a name and with the key of everything that decided it, so that a long
/// comparison that was stopped anywhere repeats nothing that is still true.
/// One object serves one thread at a time.
class CellStore {
 public:
  /// Makes the folder. Throws Input where that is impossible.
  explicit CellStore(std::string folder);
  /// The set of this name, if it has this key. A file that cannot be read counts as absent, with a warning.
  std::optional<MapSet> find(const std::string& name, const JsonText& key) const;
  /// Writes the set, whole or not at all, in place of what had its name; gives it back mapped from the file.
  MapSet keep(const std::string& name, const JsonText& key, MapSet set) const;
  std::string path(const std::string& name) const;

 private:
  std::string folder_;
};

/// A method set up on its model, under the name results have.
struct Contender {
  std::string name;
  DetectorSetting detector;
  Pipeline pipeline;
  std::string lpips_sha256;  ///< of the weights in use; "" where the distance is another one
};
Contender make_contender(const std::string& name, const DetectorChoice& choice, Pipeline pipeline,
                         const RunConfig& run);

/// What decides the maps of a contender in a list of images: model, detector, perceptual distance and its weights,
/// seed, precision, names and contents of the images (`hashes`, one a row), version of this program.
JsonText cell_key(const Contender& contender, const RunConfig& run, const std::vector<SplitRow>& rows,
                  const std::vector<std::string>& hashes);

/// SHA-256 of each row's image file.
std::vector<std::string> image_hashes(const std::vector<SplitRow>& rows);

/// A title as part of a file name: lower case, everything but letters and digits becomes a hyphen.
std::string file_word(const std::string& title);

}  // namespace thor
