// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/case_list.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "thor/base/error.h"
#include "thor/data/scan_list.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

bool ends_with_ignoring_case(const std::string& text, const std::string& ending) {
  return text.size() >= ending.size() && std::equal(ending.rbegin(), ending.rend(), text.rbegin(), [](char a, char b) {
           return a == std::tolower(static_cast<unsigned char>(b));
         });
}

/// What a folder or dataset stands for. Beside images other folders are not looked into.
std::vector<std::string> scans_of_folder(const std::string& folder, const CaseSelection& selection) {
  std::vector<std::string> images, folders;
  for (const SplitRow& row : list_scans(folder, selection.participants)) {
    std::error_code ec;
    (fs::is_directory(row.image, ec) ? folders : images).push_back(row.image);
  }
  return images.empty() ? folders : images;
}

std::vector<std::string> scans_of(const std::string& input, const CaseSelection& selection) {
  std::error_code ec;
  if (!fs::exists(input, ec)) fail_input("'{}' does not exist; give a scan, a folder of scans or a CSV", input);
  if (fs::is_directory(input, ec)) return scans_of_folder(input, selection);
  if (!ends_with_ignoring_case(input, ".csv")) return {input};
  std::vector<std::string> paths;
  for (const SplitRow& row : read_split(input)) paths.push_back(row.image);
  return paths;
}

/// How often each name occurs.
std::map<std::string, int64_t> count_names(const std::vector<CaseInput>& cases) {
  std::map<std::string, int64_t> count;
  for (const CaseInput& one : cases) ++count[one.name];
  return count;
}

void make_names_unique(std::vector<CaseInput>& cases) {
  const auto stems = count_names(cases);
  for (CaseInput& one : cases) {
    const std::string folder = fs::absolute(one.path).parent_path().filename().string();
    if (stems.at(one.name) > 1 && !folder.empty()) one.name = folder + "_" + one.name;
  }
  std::set<std::string> taken;
  for (CaseInput& one : cases) {
    const std::string wanted = one.name;
    for (int64_t number = 2; !taken.insert(one.name).second; ++number) one.name = fmt::format("{}_{}", wanted, number);
  }
}

}  // namespace

std::string stem_of(const std::string& path) {
  const std::string file = fs::path(path).filename().string();
  return ends_with_ignoring_case(file, ".nii.gz") ? file.substr(0, file.size() - 7) : fs::path(file).stem().string();
}

std::vector<CaseInput> list_cases(const std::vector<std::string>& inputs, const CaseSelection& selection) {
  if (inputs.empty()) fail_usage("no images given; give images, folders of images or a CSV");
  std::vector<CaseInput> cases;
  std::set<std::string> seen;
  for (const std::string& input : inputs)
    for (const std::string& path : scans_of(input, selection)) {
      std::error_code ec;
      const fs::path real = fs::canonical(path, ec);
      if (seen.insert(ec ? path : real.string()).second) cases.push_back({path, stem_of(path), selection.choice});
    }
  make_names_unique(cases);
  return cases;
}

}  // namespace thor
