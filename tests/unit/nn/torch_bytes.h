// SPDX-License-Identifier: Apache-2.0
// Files of torch.save, written by hand byte by byte.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace thor::test {

template <class T>
std::string le(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

inline std::string text(const std::string& s) { return "X" + le(static_cast<uint32_t>(s.size())) + s; }
inline std::string number(int32_t n) { return "J" + le(n); }
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string bytes = "(";
  for (const auto& item : items) bytes += item;
  return bytes + "t";
}
inline std::string numbers(const std::vector<int32_t>& values) {
  std::vector<std::string> items;
  for (const auto value : values) items.push_back(number(value));
  return tuple(items);
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string bytes = "}(";
  for (const auto& [key, value] : items) bytes += text(key) + value;
  return bytes + "u";
}
inline std::string ordered_dict(const std::vector<std::pair<std::string, std::string>>& items) {
  return global("collections", "OrderedDict") + ")R" + dict(items).substr(1);
}
/// `more` is what the legacy format adds to a storage: "N".
inline std::string tensor(const std::string& key, int32_t numel, int32_t offset, const std::vector<int32_t>& sizes,
                          const std::vector<int32_t>& strides, const std::string& type = "FloatStorage",
                          const std::string& more = "") {
  const std::string storage =
      tuple({text("storage"), global("torch", type), text(key), text("cpu"), number(numel), more}) + "Q";
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple({storage, number(offset), numbers(sizes), numbers(strides), "\x89",
                global("collections", "OrderedDict") + ")R"}) +
         "R";
}
inline std::string pickle(const std::string& body) { return "\x80\x02" + body + "."; }

using ZipContent = std::vector<std::pair<std::string, std::string>>;

/// `method` 0 is "stored"; `zip64` moves the sizes and the directory into zip64 records.
inline std::string zip(const ZipContent& content, uint16_t method = 0, bool zip64 = false) {
  std::string bytes, directory;
  const std::string all_ones(4, '\xff');
  for (const auto& [name, data] : content) {
    const std::string size = le(static_cast<uint32_t>(data.size()));
    const std::string common = le(uint16_t{0}) + le(method) + le(uint32_t{0}) + le(uint32_t{0});
    const auto name_length = le(static_cast<uint16_t>(name.size()));
    const std::string extra = zip64 ? le(uint16_t{1}) + le(uint16_t{24}) + le(uint64_t{data.size()}) +
                                          le(uint64_t{data.size()}) + le(uint64_t{bytes.size()})
                                    : "";
    directory += le(uint32_t{0x02014b50}) + le(uint16_t{20}) + le(uint16_t{20}) + common +
                 (zip64 ? all_ones + all_ones : size + size) + name_length + le(static_cast<uint16_t>(extra.size())) +
                 std::string(10, '\0') + (zip64 ? all_ones : le(static_cast<uint32_t>(bytes.size()))) + name + extra;
    bytes += le(uint32_t{0x04034b50}) + le(uint16_t{20}) + common + size + size + name_length + le(uint16_t{0}) + name +
             data;
  }
  const uint64_t start = bytes.size();
  bytes += directory;
  if (zip64) {
    const uint64_t end64 = bytes.size();
    bytes += le(uint32_t{0x06064b50}) + le(uint64_t{44}) + le(uint32_t{0}) + le(uint64_t{0}) +
             le(uint64_t{content.size()}) + le(uint64_t{content.size()}) + le(uint64_t{directory.size()}) + le(start);
    bytes += le(uint32_t{0x07064b50}) + le(uint32_t{0}) + le(end64) + le(uint32_t{1});
  }
  const auto count = zip64 ? uint16_t{0xffff} : static_cast<uint16_t>(content.size());
  return bytes + le(uint32_t{0x06054b50}) + le(uint32_t{0}) + le(count) + le(count) +
         le(static_cast<uint32_t>(directory.size())) + (zip64 ? all_ones : le(static_cast<uint32_t>(start))) +
         le(uint16_t{0});
}

}  // namespace thor::test
