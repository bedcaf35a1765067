// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace thor {

/// The whole file as text. Throws Input when it cannot be read or is larger than `max_bytes`.
std::string read_text_file(const std::string& path, uint64_t max_bytes);

/// Writes a file so that it appears whole or not at all: to a temporary file beside it, flushed to disk, renamed.
/// `write` fills the file at the path it is given (for libraries that want a path and an unchanged extension).
/// Throws Input on a full disk or a folder that cannot be written; the temporary file is removed.
void write_atomically(const std::string& path, const std::function<void(const std::string& temporary)>& write);
/// The same with a stream.
void write_stream_atomically(const std::string& path, const std::function<void(std::ostream&)>& write);
void write_text_atomically(const std::string& path, const std::string& text);

/// Why a file is named but its content is not here, and how to get it: a link or pointer file of git-annex (DataLad),
/// or a pointer file of Git LFS. "" where the path is neither, whether it exists or not.
std::string absent_content(const std::string& path);

/// Creates the folder and its parents; Input error if that is impossible or it cannot be written to.
void make_folder(const std::string& path);

/// SHA-256 (FIPS 180-4) of bytes that arrive one after another, by OpenSSL.
/// One object serves one thread at a time.
class Sha256 {
 public:
  Sha256();
  Sha256& update(const void* data, uint64_t bytes);
  /// 64 hex digits; called once, at the end.
  std::string hex();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};
std::string sha256_of_file(const std::string& path);

}  // namespace thor
