// SPDX-License-Identifier: Apache-2.0
// Zip archives (PKWARE APPNOTE 6.3): stored and deflated entries. Files are not named as in the archive.
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <vector>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/dicom/dicom_folder.h"
#include "thor/image/format/byte_reader.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

constexpr int64_t kMaxUnpacked = int64_t{16} << 30;
constexpr int64_t kEndRecord = 22, kCentralRecord = 46, kLocalRecord = 30, kLongestComment = 65535;
constexpr int64_t kMaxDirectory = int64_t{64} << 20;
constexpr size_t kPart = size_t{1} << 20;

struct ZipEntry {
  int64_t method = 0, packed = 0, bytes = 0, local = 0;
  uint32_t crc = 0;
};

int64_t number_at(const std::string& bytes, size_t position, size_t count) {
  int64_t number = 0;
  for (size_t i = count; i > 0; --i) number = number << 8 | static_cast<unsigned char>(bytes[position + i - 1]);
  return number;
}

std::string bytes_at(const std::string& path, int64_t position, int64_t count) {
  std::string bytes(static_cast<size_t>(count), '\0');
  ByteReader file(path, position);
  if (file.read_some(bytes.data(), bytes.size()) < bytes.size()) fail_input("the zip archive is cut or damaged");
  return bytes;
}

/// The directory at the archive's end.
std::string directory_of(const std::string& path) {
  const auto size = static_cast<int64_t>(fs::file_size(path));
  const int64_t tail = std::min(size, kEndRecord + kLongestComment);
  const std::string end = bytes_at(path, size - tail, tail);
  const size_t record = end.rfind("PK\x05\x06");
  if (record == std::string::npos || end.size() - record < kEndRecord)
    fail_input("it is not a zip archive, or it is cut; copy the file again");
  const int64_t bytes = number_at(end, record + 12, 4), offset = number_at(end, record + 16, 4);
  if (offset == 0xffffffff || number_at(end, record + 10, 2) == 0xffff)
    fail(ErrorKind::Unsupported, "it is a zip64 archive; unpack it and give the folder");
  if (offset > size || bytes > size - offset || bytes > kMaxDirectory) fail_input("the zip archive is damaged");
  return bytes_at(path, offset, bytes);
}

/// What systems put beside scans, __MACOSX/._IM0001 and the like, is not unpacked.
bool may_be_scan(const std::string& name) {
  return name.rfind("__MACOSX/", 0) != 0 && !is_no_scan_by_name(fs::path(name).filename().string());
}

std::vector<ZipEntry> entries_of(const std::string& path) {
  const std::string directory = directory_of(path);
  std::vector<ZipEntry> entries;
  int64_t total = 0;
  for (size_t at = 0; at + kCentralRecord <= directory.size();) {
    if (directory.compare(at, 4, "PK\x01\x02") != 0) fail_input("the zip archive is damaged");
    if (number_at(directory, at + 8, 2) & 1)
      fail(ErrorKind::Unsupported, "it is encrypted; unpack it and give the folder");
    ZipEntry entry{number_at(directory, at + 10, 2), number_at(directory, at + 20, 4), number_at(directory, at + 24, 4),
                   number_at(directory, at + 42, 4), static_cast<uint32_t>(number_at(directory, at + 16, 4))};
    const auto name_length = static_cast<size_t>(number_at(directory, at + 28, 2));
    const bool is_scan = may_be_scan(directory.substr(std::min(directory.size(), at + kCentralRecord), name_length));
    at += kCentralRecord + static_cast<size_t>(number_at(directory, at + 28, 2) + number_at(directory, at + 30, 2) +
                                               number_at(directory, at + 32, 2));
    total += entry.bytes;
    if (total > kMaxUnpacked) fail_input("it unpacks to more than 16 GiB; unpack it and give the folder of one study");
    if (entry.bytes > 0 && is_scan) entries.push_back(entry);
  }
  return entries;
}

void unpack(const std::string& path, const ZipEntry& entry, const std::string& target) {
  const std::string local = bytes_at(path, entry.local, kLocalRecord);
  if (local.compare(0, 4, "PK\x03\x04") != 0) fail_input("the zip archive is damaged");
  if (entry.method != 0 && entry.method != 8)
    fail(ErrorKind::Unsupported, "it is compressed by method {}; unpack it and give the folder", entry.method);
  const int64_t data = entry.local + kLocalRecord + number_at(local, 26, 2) + number_at(local, 28, 2);
  ByteReader file(path, data, entry.method == 8 ? Packing::RawDeflate : Packing::None);
  std::ofstream out(target, std::ios::binary);
  std::string part(kPart, '\0');
  uLong crc = crc32(0, nullptr, 0);
  for (int64_t left = entry.bytes; left > 0;) {
    const auto count = static_cast<size_t>(std::min<int64_t>(left, kPart));
    file.read(part.data(), count);
    crc = crc32(crc, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(count));
    out.write(part.data(), static_cast<std::streamsize>(count));
    left -= static_cast<int64_t>(count);
  }
  if (static_cast<uint32_t>(crc) != entry.crc) fail_input("the zip archive is damaged: a checksum is wrong");
  if (!out.flush()) fail_input("there is no room to unpack it in '{}'", fs::path(target).parent_path().string());
}

/// Folders that disappear when the program ends; each archive by its path, size and time.
class UnpackedArchives {
 public:
  ~UnpackedArchives() {
    for (const auto& [key, folder] : folders_) {
      std::error_code ignored;
      fs::remove_all(folder, ignored);
    }
  }
  std::string folder_of(const std::string& path) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::string key = fmt::format("{}|{}|{}", fs::absolute(path).string(), fs::file_size(path),
                                        fs::last_write_time(path).time_since_epoch().count());
    if (const auto known = folders_.find(key); known != folders_.end()) return known->second;
    const std::string folder = fresh_folder();
    try {
      fill(path, folder);
    } catch (...) {
      std::error_code ignored;
      fs::remove_all(folder, ignored);
      throw;
    }
    return folders_[key] = folder;
  }

 private:
  static std::string fresh_folder() {
    std::string pattern = (fs::temp_directory_path() / "thor-zip-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) fail_input("no folder can be made in '{}'", fs::temp_directory_path().string());
    return pattern;
  }
  static void fill(const std::string& path, const std::string& folder) {
    const auto entries = entries_of(path);
    for (size_t i = 0; i < entries.size(); ++i) {
      throw_if_interrupted();
      const std::string target = fmt::format("{}/{:06}", folder, i + 1);
      unpack(path, entries[i], target);
      if (!looks_like_dicom(target)) fs::remove(target);
    }
  }

  std::mutex mutex_;
  std::map<std::string, std::string> folders_;
};

}  // namespace

std::string unpacked_zip(const std::string& path) {
  static UnpackedArchives archives;
  return archives.folder_of(path);
}

}  // namespace thor
