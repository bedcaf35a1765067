// SPDX-License-Identifier: Apache-2.0
#include "house_rules.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace thor::test {
namespace {

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// cli > serve > report > train, eval > results, synth > pipeline > detect, data > image, nn, diffusion > base
const std::map<std::string, int> kStorey{{"base", 1}, {"image", 2},    {"nn", 2},      {"diffusion", 2}, {"detect", 3},
                                         {"data", 3}, {"pipeline", 4}, {"results", 5}, {"synth", 5},     {"train", 6},
                                         {"eval", 6}, {"report", 7},   {"serve", 8},   {"cli", 9}};

// The inner rooms, each with the headers that other rooms may include; all others are private to the outer room.
const std::map<std::string, std::set<std::string>> kInnerRooms{
    {"image/format", {}},
    {"image/dicom", {"dicom_write.h"}},
    {"image/register", {"registration.h"}},
    {"nn/kernel", {"gpu.h"}},
    {"nn/weights", {"safetensors.h", "torch_file.h", "weights.h"}}};

// Headers that only their own room includes, each with the one that others include instead.
const std::map<std::string, std::string> kBehindADoor{{"thor/nn/unet.h", "thor/nn/architecture.h"}};

// The image room's own door to ITK; as private as ITK itself.
constexpr const char* kItkHeader = "thor/image/register/itk.h";

std::string room_of(const std::string& path) {
  std::smatch match;
  return std::regex_search(path, match, std::regex("^thor/(\\w+)/")) ? match[1].str() : "";
}

// "image/dicom" of a file in an inner room, "" of all others. Stand-ins for absent libraries are in no inner room.
std::string inner_room_of(const std::string& path) {
  std::smatch match;
  if (!std::regex_search(path, match, std::regex("^thor/(\\w+/\\w+)/"))) return "";
  return ends_with(match[1].str(), "/without") ? "" : match[1].str();
}

// Calls visit(line number, line) for each line.
template <class Visit>
void each_line(const std::string& text, Visit visit) {
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) visit(number, line);
}

std::string breach(const SourceFile& file, int line, const std::string& what) {
  return file.path + ":" + std::to_string(line) + ": " + what;
}

// Calls visit(line number, included name) for each #include.
template <class Visit>
void each_include(const SourceFile& file, Visit visit) {
  static const std::regex include("^\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"]");
  each_line(file.text, [&](int number, const std::string& line) {
    std::smatch match;
    if (std::regex_search(line, match, include)) visit(number, match[1].str());
  });
}

}  // namespace

std::vector<SourceFile> sources(const std::string& root, const std::vector<std::string>& folders) {
  namespace fs = std::filesystem;
  std::vector<SourceFile> found;
  for (const auto& folder : folders) {
    if (!fs::exists(fs::path(root) / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(root) / folder)) {
      const std::string path = fs::relative(entry.path(), root).string();
      if (!ends_with(path, ".h") && !ends_with(path, ".cpp") && !ends_with(path, ".cu")) continue;
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      found.push_back({path, text.str()});
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return found;
}

Breaches wrong_includes(const SourceFile& file) {
  Breaches breaches;
  const std::string here = room_of(file.path);
  if (!kStorey.count(here)) return {breach(file, 1, "room '" + here + "' is not in the list of storeys")};
  each_include(file, [&](int line, const std::string& name) {
    const std::string there = room_of(name);
    if (there.empty() || there == here) return;
    if (!kStorey.count(there))
      breaches.push_back(breach(file, line, "includes the unknown room " + there));
    else if (kStorey.at(there) > kStorey.at(here))
      breaches.push_back(breach(file, line, "includes upwards: " + name));
    else if (kStorey.at(there) == kStorey.at(here))
      breaches.push_back(breach(file, line, "includes sideways: " + name));
  });
  return breaches;
}

Breaches private_includes(const SourceFile& file) {
  Breaches breaches;
  const std::string own = inner_room_of(file.path);
  if (!own.empty() && !kInnerRooms.count(own)) return {breach(file, 1, "inner room '" + own + "' is not in the list")};
  each_include(file, [&](int line, const std::string& name) {
    if (const auto door = kBehindADoor.find(name); door != kBehindADoor.end() && room_of(name) != room_of(file.path))
      breaches.push_back(breach(file, line, "includes " + name + ", expected " + door->second));
    const std::string inner = inner_room_of(name);
    if (inner.empty() || room_of(name) == room_of(file.path)) return;
    const auto row = kInnerRooms.find(inner);
    const std::string header = name.substr(name.rfind('/') + 1);
    if (row == kInnerRooms.end() || !row->second.count(header))
      breaches.push_back(breach(file, line, "includes a private header of " + inner + ": " + header));
  });
  return breaches;
}

Breaches foreign_includes(const SourceFile& file) {
  Breaches breaches;
  const bool header = ends_with(file.path, ".h");
  each_include(file, [&](int line, const std::string& name) {
    const bool walled = name == kItkHeader || std::regex_search(name, std::regex("^(itk|gdcm|dcmtk/)"));
    const bool may = room_of(file.path) == "image" && (!header || file.path == kItkHeader);
    if (walled && !may) breaches.push_back(breach(file, line, "ITK, GDCM or DCMTK outside thor/image/*.cpp: " + name));
    if (header && (name == "ATen/ATen.h" || name == "torch/torch.h"))
      breaches.push_back(breach(file, line, "a heavy header in a header: " + name));
  });
  return breaches;
}

Breaches json_in_headers(const SourceFile& file) {
  static const std::set<std::string> rooms{"data", "pipeline", "results", "synth", "eval"};
  Breaches breaches;
  if (!ends_with(file.path, ".h") || !rooms.count(room_of(file.path))) return breaches;
  each_include(file, [&](int line, const std::string& name) {
    if (name.rfind("nlohmann/", 0) == 0)
      breaches.push_back(breach(file, line, "a JSON library in a header, expected thor/base/json_text.h: " + name));
  });
  return breaches;
}

Breaches prints_or_exits(const SourceFile& file) {
  static const std::regex call(
      "\\bstd::(cout|cerr|clog)\\b|\\b(printf|fprintf|puts|fputs|putchar)\\s*\\(|\\b(_?exit|quick_exit|abort|terminate)"
      "\\s*\\(");
  Breaches breaches;
  if (room_of(file.path) == "cli" || file.path == "thor/serve/server.cpp") return breaches;
  each_line(file.text, [&](int number, const std::string& line) {
    const std::string code = line.substr(0, line.find("//"));
    std::smatch match;
    if (std::regex_search(code, match, call))
      breaches.push_back(breach(file, number, "the library never prints or exits: " + match.str()));
  });
  return breaches;
}

Breaches names_options(const SourceFile& file) {
  static const std::regex option("\"[^\"]*--[a-z][^\"]*\""), of_another_program("gdcmconv --raw");
  Breaches breaches;
  if (room_of(file.path) == "cli") return breaches;
  each_line(file.text, [&](int number, const std::string& line) {
    const std::string code = std::regex_replace(line.substr(0, line.find("//")), of_another_program, "");
    std::smatch match;
    if (std::regex_search(code, match, option))
      breaches.push_back(breach(file, number, "the library names settings, not options: " + match.str()));
  });
  return breaches;
}

Breaches untidy(const SourceFile& file) {
  // Spelled in halves so that this file passes its own test.
  static const std::regex notes(
      "\\b("
      "TO"
      "DO|FIX"
      "ME|XX"
      "X|HA"
      "CK)\\b");
  Breaches breaches;
  int lines = 0;
  each_line(file.text, [&](int number, const std::string& line) {
    lines = number;
    if (number == 1 && line != "// SPDX-License-Identifier: Apache-2.0")
      breaches.push_back(breach(file, 1, "does not begin with the SPDX line"));
    if (std::regex_search(line, notes)) breaches.push_back(breach(file, number, "leaves work undone: " + line));
  });
  if (lines > kMaxLines) breaches.push_back(breach(file, lines, "longer than " + std::to_string(kMaxLines) + " lines"));
  if (file.path.find("util") != std::string::npos) breaches.push_back(breach(file, 1, "name it by what it holds"));
  return breaches;
}

}  // namespace thor::test
