// SPDX-License-Identifier: Apache-2.0
#include "thor/image/dicom/dicom_folder.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <optional>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/image/formats.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

constexpr int64_t kMaxFolderFiles = 1'000'000;
constexpr int64_t kWorthProgress = 1000;
constexpr size_t kListedSeries = 12;

/// Files in alphabetical order, so that nothing depends on the disk; hidden ones and those of systems are left out.
std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code ec;
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto it = fs::recursive_directory_iterator(folder, options, ec); !ec && it != fs::end(it); it.increment(ec)) {
    const bool hidden = is_no_scan_by_name(it->path().filename().string());
    std::error_code gone;
    if (hidden && it->is_directory(gone)) it.disable_recursion_pending();
    // A slice whose content is elsewhere must not be missed in silence.
    if (!hidden && !it->is_directory(gone))
      if (const std::string why = absent_content(it->path().string()); !why.empty())
        fail_input("'{}' cannot be read: {}", it->path().string(), why);
    if (!hidden && it->is_regular_file(gone)) files.push_back(it->path().string());
    if (static_cast<int64_t>(files.size()) > kMaxFolderFiles)
      fail_input("it holds more than {} files; give the folder of one study", kMaxFolderFiles);
  }
  if (ec) fail_input("its files cannot be listed: {}", ec.message());
  std::sort(files.begin(), files.end());
  return files;
}

/// The images of a folder, and what was left out.
struct FolderContents {
  std::vector<std::shared_ptr<const DicomInstance>> instances;
  int64_t passed_over = 0, empty = 0, not_read = 0;
  std::optional<Error> reason;  ///< why the first of those was not read

  /// What is damaged stops everything: a volume without it would be wrong. What is of another kind does not.
  void take(const std::string& file) {
    std::error_code gone;
    if (fs::file_size(file, gone) == 0) ++empty;
    std::optional<DicomInstance> instance;
    try {
      if (looks_like_dicom(file))
        with_context(fmt::format("reading '{}'", file), [&] { instance = read_dicom_instance(file); });
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Unsupported) throw;
      ++not_read;
      if (!reason) reason = error;
      return;
    }
    if (instance)
      instances.push_back(std::make_shared<const DicomInstance>(std::move(*instance)));
    else
      ++passed_over;
  }
  void report(int64_t files) const {
    if (instances.empty() && reason) throw *reason;
    if (passed_over > 0 && !instances.empty())
      info("{} of {} files are no DICOM images and passed over", passed_over, files);
    if (empty > 0 && !instances.empty())
      warn("{} of {} files are empty; if they were slices, copy them again", empty, files);
    if (not_read > 0) warn("{} DICOM images are passed over: {}", not_read, reason->what());
  }
};

/// The plane that slices lie closest to.
const char* plane_of(const DicomPlane& plane) {
  const Point3 normal = plane.normal();
  const double x = std::abs(normal[0]), y = std::abs(normal[1]), z = std::abs(normal[2]);
  return z >= std::max(x, y) ? "axial" : y >= x ? "coronal" : "sagittal";
}

std::string described(const DicomGroup& group, size_t number) {
  const SeriesInfo info = group.info();
  const DicomFrame& first = group.frames[0].said();
  return fmt::format("{}: {}{}{}, {} slices of {} x {}{}{}", number,
                     info.description.empty() ? "no description" : info.description, info.modality.empty() ? "" : ", ",
                     info.modality, info.slices, info.columns, info.rows,
                     first.plane.oriented ? fmt::format(", {}", plane_of(first.plane)) : "",
                     first.stack.empty() ? "" : fmt::format(", stack {}", first.stack));
}

std::string series_list(const std::vector<DicomGroup>& groups) {
  std::string list;
  for (size_t i = 0; i < std::min(groups.size(), kListedSeries); ++i)
    list += (i == 0 ? "" : "; ") + described(groups[i], i + 1);
  return groups.size() > kListedSeries ? list + "; ..." : list;
}

const DicomGroup& chosen_series(const std::vector<DicomGroup>& groups, const std::string& choice) {
  if (groups.size() == 1 && choice.empty()) return groups[0];
  if (choice.empty())
    fail(ErrorKind::Unsupported, "it holds {} series; choose one by its number or UID ({})", groups.size(),
         series_list(groups));
  std::vector<size_t> found;
  for (size_t i = 0; i < groups.size(); ++i)
    if (choice == std::to_string(i + 1) || choice == groups[i].frames[0].instance->series_uid) found.push_back(i);
  if (found.size() == 1) return groups[found[0]];
  if (found.empty()) fail_usage("it has no series '{}' ({})", choice, series_list(groups));
  fail_usage("series '{}' has images of several orientations, sizes or stacks; choose one by its number ({})", choice,
             series_list(groups));
}

Image read_group(const DicomGroup& group, const ScanChoice& choice) {
  for (const std::string& note : group.notes) warn("{}", note);
  return read_stack(stack_of(group.frames, choice));
}

}  // namespace

bool is_no_scan_by_name(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower.empty() || lower[0] == '.' || lower == "dicomdir" || lower == "thumbs.db" || lower == "desktop.ini" ||
         lower == "__macosx";
}

SeriesInfo DicomGroup::info() const {
  const DicomInstance& first = *frames[0].instance;
  return {first.series_uid,  first.series_description, first.modality, 0, static_cast<int64_t>(frames.size()),
          first.pixels.rows, first.pixels.columns};
}

std::vector<DicomGroup> dicom_groups(const std::string& path) {
  const std::string folder = fs::is_directory(path) ? path : unpacked_zip(path);
  const std::vector<std::string> files = files_below(folder);
  const auto count = static_cast<int64_t>(files.size());
  std::unique_ptr<Progress> progress;
  if (count >= kWorthProgress) progress = std::make_unique<Progress>("reading DICOM headers", count);
  FolderContents found;
  for (const std::string& file : files) {
    throw_if_interrupted();
    if (progress) progress->advance();
    found.take(file);
  }
  found.report(count);
  return groups_of(found.instances);
}

bool is_dicom_file(const std::string& path) {
  return !is_no_scan_by_name(fs::path(path).filename().string()) && looks_like_dicom(path);
}

bool is_dicom_folder(const std::string& path) {
  if (!fs::is_directory(path)) return false;
  const std::vector<std::string> files = files_below(path);
  return std::any_of(files.begin(), files.end(), looks_like_dicom);
}

std::vector<SeriesInfo> dicom_series(const std::string& path) {
  std::vector<SeriesInfo> list;
  with_context(fmt::format("reading '{}'", path), [&] {
    for (const DicomGroup& group : dicom_groups(path)) {
      list.push_back(group.info());
      list.back().number = static_cast<int64_t>(list.size());
    }
  });
  return list;
}

Image read_dicom_folder(const std::string& path, const ScanChoice& choice) {
  const std::vector<DicomGroup> groups = dicom_groups(path);
  if (groups.empty())
    fail_input("it is a {} and other scans file by file",
               fs::is_directory(path) ? "folder without DICOM images; give pictures"
                                      : "zip archive without DICOM images; unpack it, and give pictures");
  return read_group(chosen_series(groups, choice.series), choice);
}

Image read_dicom_file(const std::string& path, const ScanChoice& choice) {
  if (!looks_like_dicom(path)) fail_input("it is not a DICOM file, whatever its name says");
  auto instance = read_dicom_instance(path);
  if (!instance) fail_input("it is a DICOM file without an image");
  const auto groups = groups_of({std::make_shared<const DicomInstance>(std::move(*instance))});
  return read_group(chosen_series(groups, choice.series), choice);
}

}  // namespace thor
