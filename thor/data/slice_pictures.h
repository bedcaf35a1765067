// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// A folder of slices as pictures on their own grid, with their list `index.csv` (column: image) in the form of
/// `read_split`.
/// One object serves one thread at a time.
class SlicePictures {
 public:
  /// Throws Input if the folder cannot be created.
  explicit SlicePictures(std::string folder);
  /// Writes uint8 [n,H,W], 255 = white, as "NAME.png" each, 8 bit gray; folders in a name become folders, always within
  /// this one. A slice of one value is left out: there is nothing to see in it, and as a picture it is refused. Throws
  /// Input: two slices of one name, a file that cannot be written.
  void write(const std::vector<std::string>& names, const Tensor& slices);
  /// Writes the list. -> number of pictures
  int64_t finish() const;

 private:
  std::string folder_, index_;
  std::set<std::string> files_;
};

}  // namespace thor
