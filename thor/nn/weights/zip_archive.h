// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>

namespace thor {

/// Where an entry's bytes lie in the archive.
struct ZipEntry {
  uint64_t offset = 0, size = 0;
};

/// The entries of a zip archive in memory, as PyTorch writes it: stored, not compressed; zip64 where large. Every entry
/// lies inside the archive. Throws Input where damaged, Unsupported where compressed or encrypted.
std::map<std::string, ZipEntry> zip_entries(const uint8_t* data, uint64_t size);

}  // namespace thor
