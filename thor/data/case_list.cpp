// SPDX-License-Identifier: Apache-2.0
#include "thor/data/case_list.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "thor/base/ending.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/data/scan_list.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

bool is_folder(const std::string& path) {
  std::error_code ec;
  return fs::is_directory(path, ec);
}

/// Letters and digits as they are, anything else as one dash.
std::string as_name(const std::string& text) {
  std::string name;
  for (const unsigned char c : text)
    if (std::isalnum(c))
      name += static_cast<char>(c);
    else if (!name.empty() && name.back() != '-')
      name += '-';
  return name;
}

/// The series of a folder or archive; none where it cannot be read: it is a case that fails, and the rest goes on.
std::vector<SeriesInfo> series_of(const std::string& path) {
  try {
    return dicom_series(path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Input && error.kind() != ErrorKind::Unsupported) throw;
    return {};
  }
}

/// A folder or archive of DICOM: a case for each series, named by the folder and, where there are several, by the
/// series too.
std::vector<CaseInput> dicom_cases(const std::string& path, const CaseSelection& selection) {
  fs::path whole = fs::absolute(path).lexically_normal();
  if (whole.filename().empty()) whole = whole.parent_path();
  const std::string name = is_folder(path) ? whole.filename().string() : stem_of(whole.string());
  if (!selection.choice.series.empty()) return {{path, name, selection.choice}};
  const std::vector<SeriesInfo> all = series_of(path);
  if (all.size() < 2) return {{path, name, selection.choice}};
  std::vector<CaseInput> cases;
  for (const SeriesInfo& series : all) {
    cases.push_back(
        {path, fmt::format("{}_{}_{}", name, series.number, as_name(series.description)), selection.choice});
    cases.back().choice.series = std::to_string(series.number);  // a UID may stand for images of several directions
  }
  return cases;
}

CaseInput file_case(const std::string& path, const CaseSelection& selection) {
  return {path, stem_of(path), selection.choice};
}

bool is_container(const std::string& path) { return is_folder(path) || has_ending(path, ".zip"); }

/// True where everything in a folder is a file of no known ending: DICOM, if anything.
bool holds_nameless_files_only(const std::string& folder) {
  std::error_code ec;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
    if (is_container(it->path().string()) || has_image_ending(it->path().string())) return false;
  return true;
}

/// What a folder or dataset stands for. Beside images, folders and archives are not looked into.
std::vector<CaseInput> folder_cases(const std::string& folder, const CaseSelection& selection) {
  if (selection.participants.empty() && holds_nameless_files_only(folder) && is_dicom_folder(folder))
    return dicom_cases(folder, selection);
  std::vector<CaseInput> images, series;
  for (const SplitRow& row : list_scans(folder, selection.participants))
    if (!is_container(row.image))
      images.push_back(file_case(row.image, selection));
    else if (images.empty())
      for (CaseInput& one : dicom_cases(row.image, selection)) series.push_back(std::move(one));
  return images.empty() ? series : images;
}

std::vector<CaseInput> cases_of(const std::string& input, const CaseSelection& selection) {
  std::error_code ec;
  if (const std::string why = absent_content(input); !why.empty()) fail_input("'{}' cannot be read: {}", input, why);
  if (!fs::exists(input, ec)) fail_input("'{}' does not exist; give a scan, a folder of scans or a CSV", input);
  if (is_folder(input)) return folder_cases(input, selection);
  if (is_container(input)) return dicom_cases(input, selection);
  if (!has_ending(input, ".csv")) return {file_case(input, selection)};
  std::vector<CaseInput> cases;
  for (const SplitRow& row : read_split(input)) cases.push_back(file_case(row.image, selection));
  return cases;
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
  return has_ending(file, ".nii.gz") ? file.substr(0, file.size() - 7) : fs::path(file).stem().string();
}

void check_file_names(const std::vector<SplitRow>& rows) {
  std::map<std::string, std::string> named;
  for (const SplitRow& row : rows) {
    const auto [place, fresh] = named.emplace(stem_of(row.image), row.name);
    if (!fresh) fail_input("'{}' and '{}' have the same file name; rename one", place->second, row.name);
  }
}

std::vector<CaseInput> list_cases(const std::vector<std::string>& inputs, const CaseSelection& selection) {
  if (inputs.empty()) fail_usage("no images given; give images, folders of images or a CSV");
  std::vector<CaseInput> cases;
  std::set<std::string> seen;
  for (const std::string& input : inputs)
    for (CaseInput& one : cases_of(input, selection)) {
      std::error_code ec;
      const fs::path real = fs::canonical(one.path, ec);
      if (seen.insert((ec ? one.path : real.string()) + '\n' + one.choice.series).second)
        cases.push_back(std::move(one));
    }
  make_names_unique(cases);
  return cases;
}

}  // namespace thor
