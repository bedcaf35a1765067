// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace thor {

/// Returns the whole file as text. Throws Input if it cannot be read or is larger than `max_bytes`.
std::string read_text_file(const std::string& path, uint64_t max_bytes);

/// Writes a file atomically: into a temporary file beside it, which is flushed to disk and renamed. `write` fills the
/// file at the path it is given (for libraries that need a path with the same extension). Throws Input on a full disk
/// or a folder that cannot be written; the temporary file is removed.
void write_atomically(const std::string& path, const std::function<void(const std::string& temporary)>& write);
/// Writes a file atomically through a stream.
void write_stream_atomically(const std::string& path, const std::function<void(std::ostream&)>& write);
void write_text_atomically(const std::string& path, const std::string& text);

/// Explains how to get the content of a file that is present only as a link or pointer file of git-annex (DataLad) or
/// as a pointer file of Git LFS. Returns "" for every other path, whether it exists or not.
std::string absent_content(const std::string& path);

/// Creates the folder and its parents. Throws Input if it cannot be created or is not writable.
void make_folder(const std::string& path);

/// Computes SHA-256 (FIPS 180-4) incrementally with OpenSSL.
/// One object serves one thread at a time.
class Sha256 {
 public:
  Sha256();
  Sha256& update(const void* data, uint64_t bytes);
  /// Returns the digest as 64 hexadecimal digits. It is called once, at the end.
  std::string hex();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};
std::string sha256_of_file(const std::string& path);

}  // namespace thor
