// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/weights/mapped_file.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "thor/base/error.h"

namespace thor {

std::shared_ptr<MappedFile> MappedFile::open(const std::string& path) {
  // O_NONBLOCK: opening a named pipe would wait for a writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) fail_input("cannot read '{}': {}", path, std::strerror(errno));
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) {
    ::close(fd);
    fail_input("'{}' is {}; expected a file with weights", path, S_ISREG(status.st_mode) ? "empty" : "not a file");
  }
  const auto size = static_cast<uint64_t>(status.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
  const int error = errno;
  ::close(fd);
  if (data == MAP_FAILED) fail_input("cannot map '{}' ({} bytes): {}", path, size, std::strerror(error));
  return std::shared_ptr<MappedFile>(new MappedFile(path, static_cast<uint8_t*>(data), size));
}

MappedFile::~MappedFile() { ::munmap(data_, size_); }

int64_t checked_numel(const std::vector<int64_t>& shape, const std::string& name) {
  constexpr int64_t kMost = int64_t{1} << 48;
  if (shape.size() > 32) fail_input("tensor '{}' has {} dimensions; expected at most 32", name, shape.size());
  int64_t padded = 1, numel = 1;
  for (const int64_t size : shape) {
    if (size < 0 || size >= kMost || padded >= kMost / std::max<int64_t>(size, 1))
      fail_input("tensor '{}' has an impossible shape {}", name, shape_text(shape));
    padded *= std::max<int64_t>(size, 1);
    numel *= size;
  }
  return numel;
}

Tensor tensor_in_file(const std::shared_ptr<MappedFile>& file, uint64_t offset, const std::vector<int64_t>& shape,
                      at::ScalarType type) {
  const size_t item = c10::elementSize(type);
  const int64_t numel = checked_numel(shape, "?");
  if (numel == 0) return at::empty(shape, type);
  auto* bytes = const_cast<uint8_t*>(file->data()) + offset;
  if (type == at::kBool) return at::from_blob(bytes, shape, at::kByte).ne(0);
  if (reinterpret_cast<uintptr_t>(bytes) % item != 0) {
    Tensor copy = at::empty(shape, type);
    std::memcpy(copy.data_ptr(), bytes, static_cast<size_t>(numel) * item);
    return copy;
  }
  return at::from_blob(
      bytes, shape, [file](void*) {}, at::TensorOptions(type));
}

}  // namespace thor
