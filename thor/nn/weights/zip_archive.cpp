// SPDX-License-Identifier: Apache-2.0
// PKWARE APPNOTE 6.3: end record at the very end, it names the central directory, which names the entries.
#include "thor/nn/weights/zip_archive.h"

#include <algorithm>

#include "thor/base/error.h"
#include "thor/nn/weights/memory_reader.h"

namespace thor {
namespace {

constexpr uint32_t kLocalEntry = 0x04034b50, kCentralEntry = 0x02014b50, kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr uint64_t kEndSize = 22, kLocatorSize = 20, kLongestComment = 65535, kMostEntries = 1'000'000;

void expect_signature(MemoryReader& reader, uint32_t signature, const char* what) {
  if (reader.remaining() < 4 || reader.read<uint32_t>() != signature)
    fail_input("the zip archive is damaged or cut short: no {} where one belongs", what);
}

uint64_t find_end_record(const uint8_t* data, uint64_t size) {
  const uint64_t last = size < kEndSize ? 0 : size - kEndSize;
  for (uint64_t back = 0; size >= kEndSize && back <= std::min(last, kLongestComment); ++back)
    if (MemoryReader(data, size, last - back).read<uint32_t>() == kEnd) return last - back;
  fail_input("the zip archive is cut short: it has no end record");
}

struct Directory {
  uint64_t count, offset;
};

Directory find_directory(const uint8_t* data, uint64_t size) {
  const uint64_t end = find_end_record(data, size);
  MemoryReader reader(data, size, end + 10);
  Directory directory{};
  directory.count = reader.read<uint16_t>();
  reader.skip(4);
  directory.offset = reader.read<uint32_t>();
  if (end < kLocatorSize) return directory;
  MemoryReader locator(data, size, end - kLocatorSize);
  if (locator.read<uint32_t>() != kEnd64Locator) return directory;
  locator.skip(4);
  MemoryReader end64(data, size, locator.read<uint64_t>());
  expect_signature(end64, kEnd64, "zip64 end record");
  end64.skip(28);
  directory.count = end64.read<uint64_t>();
  end64.skip(8);
  directory.offset = end64.read<uint64_t>();
  return directory;
}

/// What the central directory says of one entry.
struct Record {
  std::string name;
  uint64_t size, stored_size, local_offset;
};

/// Fields that are all ones stand, in this order, in the zip64 extra field.
void read_zip64_extra(const std::string& extra, Record& record) {
  MemoryReader fields(reinterpret_cast<const uint8_t*>(extra.data()), extra.size());
  while (fields.remaining() >= 4) {
    const auto id = fields.read<uint16_t>();
    const auto length = fields.read<uint16_t>();
    if (id != 1) {
      fields.skip(length);
      continue;
    }
    for (uint64_t* value : {&record.size, &record.stored_size, &record.local_offset})
      if (*value == 0xffffffffu) *value = fields.read<uint64_t>();
    return;
  }
}

Record read_record(MemoryReader& reader) {
  expect_signature(reader, kCentralEntry, "directory entry");
  reader.skip(4);
  const auto flags = reader.read<uint16_t>();
  const auto method = reader.read<uint16_t>();
  reader.skip(8);
  Record record{};
  record.stored_size = reader.read<uint32_t>();
  record.size = reader.read<uint32_t>();
  const auto name_length = reader.read<uint16_t>();
  const auto extra_length = reader.read<uint16_t>();
  const auto comment_length = reader.read<uint16_t>();
  reader.skip(8);
  record.local_offset = reader.read<uint32_t>();
  record.name = reader.text(name_length);
  read_zip64_extra(reader.text(extra_length), record);
  reader.skip(comment_length);
  if ((flags & 1) || method != 0 || record.size != record.stored_size)
    fail(
        ErrorKind::Unsupported,
        "the zip entry '{}' is compressed or encrypted; PyTorch writes neither: save the weights again with torch.save",
        record.name);
  return record;
}

ZipEntry locate(const uint8_t* data, uint64_t size, const Record& record) {
  MemoryReader reader(data, size, record.local_offset);
  expect_signature(reader, kLocalEntry, "entry");
  reader.skip(22);
  const auto name_length = reader.read<uint16_t>();
  const auto extra_length = reader.read<uint16_t>();
  reader.skip(uint64_t{name_length} + extra_length);
  const uint64_t offset = reader.position();
  reader.skip(record.size);
  return {offset, record.size};
}

}  // namespace

std::map<std::string, ZipEntry> zip_entries(const uint8_t* data, uint64_t size) {
  const Directory directory = find_directory(data, size);
  if (directory.count > kMostEntries)
    fail_input("the zip archive is said to have {} entries; expected at most {}", directory.count, kMostEntries);
  MemoryReader reader(data, size, directory.offset);
  std::map<std::string, ZipEntry> entries;
  for (uint64_t i = 0; i < directory.count; ++i) {
    const Record record = read_record(reader);
    if (!entries.emplace(record.name, locate(data, size, record)).second)
      fail_input("the zip archive has two entries '{}'", record.name);
  }
  return entries;
}

}  // namespace thor
