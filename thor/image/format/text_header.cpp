// SPDX-License-Identifier: Apache-2.0
#include "thor/image/format/text_header.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "thor/base/error.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

constexpr size_t kMaxHeader = size_t{1} << 16;
constexpr double kMaxSide = 2147483648.0;
constexpr int64_t kMaxSkip = int64_t{1} << 40;

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::vector<std::string> words_in(const std::string& text) {
  std::vector<std::string> words;
  constexpr const char* kBetween = " \t\r,()";
  for (size_t at = text.find_first_not_of(kBetween); at != std::string::npos;) {
    const size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kBetween, end);
  }
  return words;
}

std::vector<double> numbers_in(const std::string& text) {
  std::vector<double> numbers;
  for (const std::string& word : words_in(text)) {
    char* end = nullptr;
    numbers.push_back(std::strtod(word.c_str(), &end));
    if (*end) fail_input("its header is damaged: '{}' is no number", word.substr(0, 40));
  }
  return numbers;
}

std::string TextHeader::text(const std::string& name, const std::string& fallback) const {
  const auto found = fields.find(name);
  return found == fields.end() ? fallback : found->second;
}

std::vector<double> TextHeader::numbers(const std::string& name, size_t count) const {
  const std::vector<double> found = numbers_in(text(name));
  if (count > 0 && found.size() != count)
    fail_input("its header is damaged: '{}' has {} numbers, not {}", name, found.size(), count);
  return found;
}

std::vector<int64_t> TextHeader::sizes(const std::string& name) const {
  std::vector<int64_t> whole;
  for (const double number : numbers(name)) {
    if (!(number >= 1 && number <= kMaxSide)) fail_input("its header is damaged: '{}' has {:g}", name, number);
    whole.push_back(static_cast<int64_t>(number));
  }
  return whole;
}

TextHeader read_text_header(const std::string& path, const std::string& separator, const std::string& last) {
  ByteReader file(path);
  std::string bytes(kMaxHeader, '\0');
  bytes.resize(file.read_some(bytes.data(), bytes.size()));
  TextHeader header;
  for (size_t at = 0; at < bytes.size();) {
    const size_t end = bytes.find('\n', at);
    if (end == std::string::npos && bytes.size() == kMaxHeader) break;
    const std::string line = trimmed(bytes.substr(at, end == std::string::npos ? end : end - at));
    if (at == 0) header.first_line = line;
    at = end == std::string::npos ? bytes.size() : end + 1;
    header.bytes = static_cast<int64_t>(at);
    if (line.empty() && last.empty()) return header;
    const size_t between = line.find(separator);
    if (line[0] == '#' || between == std::string::npos) continue;
    // NRRD's "key:=value" is a note, also where the key is called like a field.
    if (line.compare(between, 2, ":=") == 0) continue;
    const std::string name = lower_case(trimmed(line.substr(0, between)));
    const std::string value = trimmed(line.substr(between + separator.size()));
    const auto [field, is_new] = header.fields.emplace(name, value);
    if (!is_new && field->second != value && name != "comment" && name != "name")
      fail_input("its header says '{}' twice, '{}' and '{}'; remove the wrong line", name.substr(0, 40),
                 field->second.substr(0, 80), value.substr(0, 80));
    if (!last.empty() && name == last) return header;
  }
  if (bytes.size() == kMaxHeader) fail_input("its header has no end; is it of this format?");
  return header;
}

std::string file_beside(const std::string& header_path, const std::string& name) {
  const bool several = name.empty() || name.find('%') != std::string::npos || lower_case(name).rfind("list", 0) == 0;
  if (several)
    fail(ErrorKind::Unsupported, "its voxels lie in several files ('{}'); convert it to a single file", name);
  const fs::path plain = fs::path(name).lexically_normal();
  if (plain.has_root_path() || plain.has_parent_path() || plain == "." || plain == "..")
    fail(ErrorKind::Unsupported, "its header names voxels in another folder ('{}'); put them beside the header", name);
  const fs::path beside = fs::path(header_path).parent_path() / plain;
  if (!fs::is_regular_file(beside)) fail_input("its voxels should lie beside it in '{}', which is not there", name);
  return beside.string();
}

namespace {

/// "gzip", "zlib" or "bzip2", by the first bytes of the voxels; "" where they seem to be plain.
std::string packing_seen(const VoxelPlace& place) {
  ByteReader file(place.path, place.offset);
  unsigned char start[3] = {0, 0, 0};
  file.read_some(reinterpret_cast<char*>(start), sizeof start);
  if (start[0] == 0x1f && start[1] == 0x8b) return "gzip";
  if (start[0] == 'B' && start[1] == 'Z' && start[2] == 'h') return "bzip2";
  return (start[0] & 0x8f) == 8 && (start[0] * 256 + start[1]) % 31 == 0 ? "zlib" : "";
}

/// Throws Input where the header says one way of packing and the voxels another.
void check_packing(const VoxelPlace& place, int64_t bytes) {
  const std::string seen = packing_seen(place);
  if (place.packing == Packing::None) {
    if (!seen.empty() && ByteReader(place.path, place.offset).most_bytes() < bytes)
      fail_input("its header says that its voxels are not packed, but they seem to be, with {}; correct the header",
                 seen);
    return;
  }
  const bool agrees = place.packing == Packing::Bzip2 ? seen == "bzip2" : seen == "gzip" || seen == "zlib";
  if (!agrees)
    fail_input("its header says that its voxels are packed, but they {}; correct the header",
               seen.empty() ? "are plain or damaged" : "seem to be with " + seen);
}

}  // namespace

Tensor read_placed_samples(const VoxelPlace& place, const VoxelLayout& layout, const std::array<int64_t, 3>& size) {
  const int64_t bytes = bytes_of(layout, size);
  if (place.skip < -1 || place.skip > kMaxSkip) fail_input("its header is damaged: {} bytes to skip", place.skip);
  check_packing(place, place.frames * bytes);
  ByteReader file(place.path, place.offset, place.packing);
  int64_t skip = place.skip;
  if (skip < 0) {
    if (place.packing != Packing::None) fail_input("its header places packed voxels at the end of the file");
    file.expect_at_least(place.frames * bytes);
    skip = file.most_bytes() - place.frames * bytes;
  }
  file.expect_at_least(skip + place.frames * bytes);
  file.skip(skip + place.frame * bytes);
  Tensor voxels = read_voxels([&](char* to, size_t count) { file.read(to, count); }, layout, size);
  const int64_t rest = file.check_ending() - (place.frames - 1 - place.frame) * bytes;
  if (rest < 0) fail_input("it ends too early: voxels of a later frame are missing");
  warn_of_rest(rest, layout, size);
  return voxels;
}

}  // namespace thor
