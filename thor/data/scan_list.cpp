// SPDX-License-Identifier: Apache-2.0
#include "thor/data/scan_list.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "thor/base/ending.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/image/image.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

/// What lies in a folder and is not hidden, in order of name.
std::vector<fs::path> content_of(const fs::path& folder) {
  std::vector<fs::path> content;
  std::error_code ec;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
    if (it->path().filename().string()[0] != '.') content.push_back(it->path());
  if (ec) fail_input("cannot read the folder '{}': {}", folder.string(), ec.message());
  std::sort(content.begin(), content.end());
  return content;
}

bool is_folder(const fs::path& at) {
  std::error_code ec;
  return fs::is_directory(at, ec);
}

/// Names of scans are paths within what was named, so that equal file names stay apart.
SplitRow row_of(const fs::path& scan, const fs::path& within) {
  SplitRow row;
  row.image = scan.string();
  row.name = scan == within ? scan.filename().string() : scan.lexically_relative(within).string();
  return row;
}

bool is_subject(const fs::path& at) { return at.filename().string().rfind("sub-", 0) == 0 && is_folder(at); }

bool is_bids(const fs::path& folder) {
  std::error_code ec;
  if (fs::exists(folder / "dataset_description.json", ec)) return true;
  const auto content = content_of(folder);
  return std::any_of(content.begin(), content.end(), is_subject);
}

/// True for NAME.nii beside NAME.nii.gz: one scan that is there twice, which BIDS forbids.
bool is_second_copy(const fs::path& file) {
  const fs::path packed = file.string() + ".gz";
  std::error_code ec;
  if (!has_ending(file.string(), ".nii") || !fs::exists(packed, ec)) return false;
  warn("'{}' is there twice, as .nii and as .nii.gz; the latter is taken", file.string());
  return true;
}

void add_anatomy(const fs::path& subject_or_session, const fs::path& dataset, std::vector<SplitRow>& rows) {
  if (!is_folder(subject_or_session / "anat")) return;
  for (const fs::path& file : content_of(subject_or_session / "anat"))
    if ((has_ending(file.string(), "_t1w.nii.gz") || has_ending(file.string(), "_t1w.nii")) && !is_second_copy(file))
      rows.push_back(row_of(file, dataset));
}

void add_subject(const fs::path& subject, const fs::path& dataset, std::vector<SplitRow>& rows) {
  add_anatomy(subject, dataset, rows);
  for (const fs::path& session : content_of(subject))
    if (session.filename().string().rfind("ses-", 0) == 0) add_anatomy(session, dataset, rows);
}

std::vector<SplitRow> scans_of_bids(const fs::path& dataset, const std::vector<std::string>& participants) {
  std::vector<fs::path> subjects;
  for (const std::string& label : participants) {
    const fs::path subject = dataset / (label.rfind("sub-", 0) == 0 ? label : "sub-" + label);
    if (!is_folder(subject)) fail_usage("the dataset '{}' has no participant '{}'", dataset.string(), label);
    subjects.push_back(subject);
  }
  if (participants.empty())
    for (const fs::path& at : content_of(dataset))
      if (is_subject(at)) subjects.push_back(at);
  std::vector<SplitRow> rows;
  for (const fs::path& subject : subjects) add_subject(subject, dataset, rows);
  if (rows.empty())
    fail_input("the BIDS dataset '{}' has no T1-weighted scans (sub-*/[ses-*/]anat/*_T1w.nii.gz)", dataset.string());
  return rows;
}

/// DICOM files end in .dcm or .ima, in nothing, or in the last number of an UID.
bool has_dicom_name(const fs::path& file) {
  const std::string ending = file.extension().string();
  return ending.empty() || has_ending(file.string(), ".dcm") || has_ending(file.string(), ".ima") ||
         std::all_of(ending.begin() + 1, ending.end(), [](unsigned char c) { return std::isdigit(c); });
}

/// What is named like DICOM must look like it, as .DS_Store and README do not; an empty file may be a slice whose copy
/// failed, and then its folder is a scan that fails.
bool may_be_dicom(const fs::path& file) {
  std::error_code ec;
  const bool empty = fs::file_size(file, ec) == 0 && file.filename().string()[0] != '.';
  return has_dicom_name(file) && (empty || is_dicom_file(file.string()));
}

/// A folder that holds DICOM, however deep.
bool holds_dicom(const fs::path& folder) {
  std::error_code ec;
  for (fs::recursive_directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
    if (std::error_code none; it->is_regular_file(none) && may_be_dicom(it->path())) return true;
  return false;
}

std::vector<SplitRow> scans_of_folder(const fs::path& folder) {
  std::vector<SplitRow> rows;
  for (const fs::path& at : content_of(folder)) {
    if (has_ending(at.string(), ".dcm")) return {row_of(folder, folder)};
    const bool scan =
        is_folder(at) ? holds_dicom(at) : has_image_ending(at.string()) || has_ending(at.string(), ".zip");
    if (scan) rows.push_back(row_of(at, folder));
  }
  if (rows.empty() && is_dicom_folder(folder.string())) return {row_of(folder, folder)};
  if (rows.empty()) fail_input("the folder '{}' holds no images and no folders of DICOM files", folder.string());
  return rows;
}

}  // namespace

std::vector<SplitRow> list_scans(const std::string& input, const std::vector<std::string>& participants) {
  std::error_code ec;
  fs::path at = fs::path(input).lexically_normal();
  if (at.filename().empty() && at.has_parent_path()) at = at.parent_path();
  if (const std::string why = absent_content(input); !why.empty()) fail_input("'{}' cannot be read: {}", input, why);
  if (!fs::exists(at, ec)) fail_input("'{}' does not exist; give a CSV, a folder or a BIDS dataset", input);
  if (is_folder(at) && is_bids(at)) return scans_of_bids(at, participants);
  if (!participants.empty()) fail_usage("'{}' is no BIDS dataset: it has no participants to choose from", input);
  if (is_folder(at)) return scans_of_folder(at);
  if (has_ending(input, ".csv")) return read_split(input);
  return {row_of(at, at)};
}

}  // namespace thor
