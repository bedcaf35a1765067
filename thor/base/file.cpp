// SPDX-License-Identifier: Apache-2.0
#include "thor/base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "thor/base/error.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

std::string reason() { return errno ? std::strerror(errno) : "unknown reason"; }

void flush_to_disk(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail_input("cannot write '{}': {}", path, reason());
  const int failed = ::fsync(fd);
  ::close(fd);
  if (failed) fail_input("cannot write '{}': {}", path, reason());
}

/// The first bytes of a file that is small enough to be a pointer; "" for any other.
std::string pointer_text(const std::string& path) {
  constexpr uint64_t kLargestPointer = 32 << 10;
  std::error_code ec;
  const auto size = fs::is_regular_file(path, ec) ? fs::file_size(path, ec) : 0;
  if (ec || size == 0 || size > kLargestPointer) return {};
  std::string text(std::min<uint64_t>(size, 256), '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  return in ? text : std::string();
}

bool begins_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

}  // namespace

std::string absent_content(const std::string& path) {
  std::error_code ec;
  const std::string get = fmt::format("'git annex get {0}' or 'datalad get {0}'", path);
  if (fs::is_symlink(path, ec) && !fs::exists(path, ec)) {
    const std::string target = fs::read_symlink(path, ec).string();
    if (target.find("annex/objects/") != std::string::npos)
      return fmt::format("it is a git-annex link whose content is not on this machine; fetch it with {}", get);
    return fmt::format("it is a link to '{}', which does not exist", target);
  }
  const std::string text = pointer_text(path);
  if (begins_with(text, "/annex/objects/"))
    return fmt::format("it is a git-annex pointer whose content is not on this machine; fetch it with {}", get);
  if (begins_with(text, "version https://git-lfs.github.com/spec/"))
    return "it is a Git LFS pointer whose content is not on this machine; fetch it with 'git lfs pull'";
  return {};
}

std::string read_text_file(const std::string& path, uint64_t max_bytes) {
  std::error_code ec;
  if (!fs::exists(path, ec)) fail_input("'{}' does not exist", path);
  if (!fs::is_regular_file(path, ec)) fail_input("'{}' is not a file", path);
  if (const auto size = fs::file_size(path, ec); ec || size > max_bytes)
    fail_input("'{}' has {} bytes, more than the {} allowed here", path, size, max_bytes);
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) fail_input("cannot read '{}': {}", path, reason());
  return text;
}

void write_atomically(const std::string& path, const std::function<void(const std::string&)>& write) {
  const fs::path target(path);
  // The extension stays last: image libraries choose the format by it.
  const fs::path temporary = target.parent_path() / fmt::format(".tmp-{}-{}", ::getpid(), target.filename().string());
  try {
    errno = 0;
    write(temporary.string());
    flush_to_disk(temporary.string());
    fs::rename(temporary, target);
  } catch (const fs::filesystem_error& e) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    fail_input("cannot write '{}': {}", path, e.code().message());
  } catch (...) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
}

void write_stream_atomically(const std::string& path, const std::function<void(std::ostream&)>& write) {
  write_atomically(path, [&](const std::string& temporary) {
    errno = 0;
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    if (out) write(out);
    out.close();
    if (!out) fail_input("cannot write '{}': {}", path, reason());
  });
}

void write_text_atomically(const std::string& path, const std::string& text) {
  write_stream_atomically(path, [&](std::ostream& out) { out << text; });
}

void make_folder(const std::string& path) {
  std::error_code ec;
  fs::create_directories(path, ec);
  if (ec) fail_input("cannot create folder '{}': {}", path, ec.message());
  if (::access(path.c_str(), W_OK) != 0) fail_input("cannot write into folder '{}': {}", path, reason());
}

}  // namespace thor
