// SPDX-License-Identifier: Apache-2.0
#include "thor/image/dicom_folder.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <tuple>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/formats.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

constexpr int64_t kMaxFolderFiles = 1'000'000;
constexpr int64_t kWorthProgress = 1000;
constexpr double kSameDirection = 1e-3;  // cosines apart; scanners round them anew for each slice
constexpr double kSamePixelSize = 1e-3;  // relative
constexpr size_t kListedSeries = 12;

/// Files in alphabetical order, so that nothing depends on the disk; hidden ones are left out.
std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code ec;
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto it = fs::recursive_directory_iterator(folder, options, ec); !ec && it != fs::end(it); it.increment(ec)) {
    const bool hidden = it->path().filename().string().rfind('.', 0) == 0;
    std::error_code gone;
    if (hidden && it->is_directory(gone)) it.disable_recursion_pending();
    if (!hidden && it->is_regular_file(gone)) files.push_back(it->path().string());
    if (static_cast<int64_t>(files.size()) > kMaxFolderFiles)
      fail_input("it holds more than {} files; give the folder of one study", kMaxFolderFiles);
  }
  if (ec) fail_input("its files cannot be listed: {}", ec.message());
  std::sort(files.begin(), files.end());
  return files;
}

/// What frames of one volume have in common to the letter; groups come in this order.
using SeriesKey = std::tuple<int64_t, std::string, std::string, int64_t, int64_t>;

SeriesKey key_of(const StackedFrame& f) {
  const DicomInstance& instance = *f.instance;
  // What is not placed cannot be stacked: every such file is a group of its own.
  const std::string alone = f.plane().placed ? "" : instance.path;
  return {instance.series_number, instance.series_uid, alone, instance.pixels.rows, instance.pixels.columns};
}

/// Not by rounding: two slices on either side of a step of it would be torn apart.
bool same_orientation(const DicomPlane& a, const DicomPlane& b) {
  double most = 0;
  for (size_t i = 0; i < 3; ++i)
    most = std::max({most, std::abs(a.along_row[i] - b.along_row[i]), std::abs(a.along_column[i] - b.along_column[i])});
  const auto same_size = [](double x, double y) { return std::abs(x - y) <= kSamePixelSize * std::max(x, y); };
  return most <= kSameDirection && same_size(a.row_mm, b.row_mm) && same_size(a.column_mm, b.column_mm);
}

std::vector<DicomGroup> groups_of(const std::vector<std::shared_ptr<const DicomInstance>>& instances) {
  std::map<SeriesKey, std::vector<DicomGroup>> series;
  for (const auto& instance : instances)
    for (size_t i = 0; i < instance->frames.size(); ++i) {
      const StackedFrame frame{instance, static_cast<int64_t>(i)};
      std::vector<DicomGroup>& groups = series[key_of(frame)];
      const auto same = std::find_if(groups.begin(), groups.end(), [&](const DicomGroup& group) {
        return same_orientation(group.frames[0].plane(), frame.plane());
      });
      if (same == groups.end())
        groups.push_back(DicomGroup{{frame}});
      else
        same->frames.push_back(frame);
    }
  std::vector<DicomGroup> list;
  for (auto& [key, groups] : series) std::move(groups.begin(), groups.end(), std::back_inserter(list));
  return list;
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

std::string described(const SeriesInfo& info) {
  return fmt::format("{}: {}{}{}, {} slices of {} x {}", info.number,
                     info.description.empty() ? "no description" : info.description, info.modality.empty() ? "" : ", ",
                     info.modality, info.slices, info.columns, info.rows);
}

std::string series_list(const std::vector<DicomGroup>& groups) {
  std::string list;
  for (size_t i = 0; i < std::min(groups.size(), kListedSeries); ++i) {
    SeriesInfo info = groups[i].info();
    info.number = static_cast<int64_t>(i) + 1;
    list += (i == 0 ? "" : "; ") + described(info);
  }
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
  fail_usage("series '{}' has images of several orientations or sizes; choose one by its number ({})", choice,
             series_list(groups));
}

}  // namespace

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
    fail_input("it is a {} without DICOM images; give pictures and other scans file by file",
               fs::is_directory(path) ? "folder" : "zip archive");
  return read_stack(stack_of(chosen_series(groups, choice.series).frames, choice));
}

Image read_dicom_file(const std::string& path, const ScanChoice& choice) {
  if (!looks_like_dicom(path)) fail_input("it is not a DICOM file, whatever its name says");
  auto instance = read_dicom_instance(path);
  if (!instance) fail_input("it is a DICOM file without an image");
  const auto groups = groups_of({std::make_shared<const DicomInstance>(std::move(*instance))});
  return read_stack(stack_of(chosen_series(groups, choice.series).frames, choice));
}

}  // namespace thor
