// SPDX-License-Identifier: Apache-2.0
// Private to this room: what bzip2 packed, as NRRD files may be. Its source alone needs libbz2.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>

namespace thor {

/// One object serves one thread at a time.
class BzipStream {
 public:
  /// Up to so many packed bytes; fewer only at the end.
  using Source = std::function<size_t(char* to, size_t count)>;
  /// Throws Unsupported in a program without libbz2.
  explicit BzipStream(Source next);
  ~BzipStream();
  /// Up to `count` unpacked bytes; fewer only at the end. Throws Input where the packed data are damaged.
  size_t read_some(char* to, size_t count);
  /// Packed bytes that were taken from the source and are not unpacked yet.
  int64_t bytes_waiting() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace thor
