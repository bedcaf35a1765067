// SPDX-License-Identifier: Apache-2.0
// Private to this room: decompression of bzip2, for NRRD files. Only its source depends on libbz2.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>

namespace thor {

/// One object serves one thread at a time.
class BzipStream {
 public:
  /// Provides up to the given number of compressed bytes; fewer only at the end.
  using Source = std::function<size_t(char* to, size_t count)>;
  /// Throws Unsupported if the program was built without libbz2.
  explicit BzipStream(Source next);
  ~BzipStream();
  /// Reads up to `count` decompressed bytes; fewer only at the end. Throws Input if the data are damaged.
  size_t read_some(char* to, size_t count);
  /// Returns the number of compressed bytes that were read from the source and not decompressed yet.
  int64_t bytes_waiting() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace thor
