// SPDX-License-Identifier: Apache-2.0
#include <openssl/evp.h>

#include <fstream>
#include <vector>

#include "thor/base/error.h"
#include "thor/base/file.h"

namespace thor {
namespace {

/// OpenSSL fails here only where it has no memory, or a policy of the machine forbids the digest.
void check(int success) {
  if (success != 1) fail(ErrorKind::Internal, "OpenSSL cannot compute a SHA-256");
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) { check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr)); }

Sha256& Sha256::update(const void* data, uint64_t bytes) {
  check(EVP_DigestUpdate(context_.get(), data, bytes));
  return *this;
}

std::string Sha256::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  check(EVP_DigestFinal_ex(context_.get(), digest, &length));
  return fmt::format("{:02x}", fmt::join(digest, digest + length, ""));
}

std::string sha256_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail_input("cannot read '{}'", path);
  Sha256 hash;
  std::vector<char> chunk(1 << 20);
  while (in.read(chunk.data(), chunk.size()), in.gcount() > 0) hash.update(chunk.data(), in.gcount());
  return hash.hex();
}

}  // namespace thor
