// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>

namespace thor {

/// The position of an entry in the archive, bytes.
struct ZipEntry {
  uint64_t offset = 0, size = 0;
};

/// Reads the entries of a zip archive in memory, as written by PyTorch: stored without compression, zip64 if large.
/// Every returned entry is inside the archive. Throws Input if it is damaged, Unsupported if it is compressed or
/// encrypted.
std::map<std::string, ZipEntry> zip_entries(const uint8_t* data, uint64_t size);

}  // namespace thor
