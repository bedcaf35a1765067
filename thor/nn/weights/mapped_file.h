// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "thor/base/tensor.h"

namespace thor {

/// A private memory mapping of a file; writes to the mapping stay in this process. The file must not be truncated while
/// it is mapped, which the writers of this program avoid by renaming.
/// Several threads may read it at once.
class MappedFile {
 public:
  /// Maps a file. Throws Input if the path is no readable regular file or is empty.
  static std::shared_ptr<MappedFile> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const uint8_t* data() const { return data_; }
  uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }

 private:
  MappedFile(std::string path, uint8_t* data, uint64_t size) : path_(std::move(path)), data_(data), size_(size) {}
  std::string path_;
  uint8_t* data_;
  uint64_t size_;
};

/// Returns the number of elements of a shape. Throws Input for a negative size, for 2^48 elements and more (zero sizes
/// count as one, so that strides cannot overflow either), and for more than 32 dimensions.
int64_t checked_numel(const std::vector<int64_t>& shape, const std::string& name);

/// Returns a contiguous tensor over bytes [offset, offset + numel * item size) of the file; the caller has checked
/// them. It is a view that keeps the mapping alive, or a copy if the data are not aligned or booleans, whose bytes need
/// not be 0 or 1 in an untrusted file.
Tensor tensor_in_file(const std::shared_ptr<MappedFile>& file, uint64_t offset, const std::vector<int64_t>& shape,
                      at::ScalarType type);

}  // namespace thor
