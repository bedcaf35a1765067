// SPDX-License-Identifier: Apache-2.0
// Which images make a volume.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <tuple>

#include "thor/base/error.h"
#include "thor/image/dicom/dicom_folder.h"

namespace thor {
namespace {

constexpr double kSameDirection = 1e-3;  // cosines apart; scanners round them anew for each slice
constexpr double kSamePixelSize = 1e-3;  // relative

/// What frames of one volume have in common to the letter; groups come in this order.
using SeriesKey = std::tuple<int64_t, std::string, std::string, int64_t, int64_t>;

SeriesKey key_of(const StackedFrame& f) {
  const DicomInstance& instance = *f.instance;
  // An image that says nothing of its place is a scan of its own, as X-rays are; one that says a part of it belongs to
  // a stack, which is placed otherwise or refused.
  const bool says_some = f.plane().positioned || f.plane().oriented || instance.slice_location;
  const std::string alone = f.plane().placed()                         ? ""
                            : says_some && instance.frames.size() == 1 ? "in part"
                                                                       : instance.path;
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

/// True where frames lie in even steps, equally many at each place.
bool are_regular_frames(const std::vector<StackedFrame>& frames) {
  try {
    return are_regular(places_of(frames, frames[0].plane().normal()));
  } catch (const Error&) {  // side by side
    return false;
  }
}

/// A group, or each of its stacks where they are no volume together (PS3.3 C.7.6.16.2.2).
std::vector<DicomGroup> stacks_of(DicomGroup group) {
  std::map<std::string, DicomGroup> stacks;
  for (const StackedFrame& frame : group.frames) stacks[frame.said().stack].frames.push_back(frame);
  const bool all_named = stacks.count("") == 0;
  // Stacks of single slices are a numbering of slices.
  const bool some_thick =
      std::any_of(stacks.begin(), stacks.end(), [](const auto& stack) { return stack.second.frames.size() > 1; });
  std::vector<DicomGroup> list;
  if (stacks.size() > 1 && all_named && some_thick && !are_regular_frames(group.frames))
    for (auto& [name, stack] : stacks) list.push_back(std::move(stack));
  else
    list.push_back(std::move(group));
  return list;
}

/// Some programs give each slice a series of its own: takes out of `groups` what goes with the group at `first`.
void take_in_alike(std::vector<DicomGroup>& groups, size_t first) {
  const auto in_one_plane = [](const DicomGroup& group) {
    const Point3& a = group.frames.front().origin();
    return std::all_of(group.frames.begin(), group.frames.end(),
                       [&](const StackedFrame& frame) { return frame.origin() == a && frame.plane().placed(); });
  };
  const DicomInstance& one = *groups[first].frames[0].instance;
  const auto is_alike = [&](const DicomGroup& group) {
    const DicomInstance& other = *group.frames[0].instance;
    return other.study_uid == one.study_uid && other.series_number == one.series_number &&
           other.series_description == one.series_description && other.modality == one.modality &&
           other.pixels.rows == one.pixels.rows && other.pixels.columns == one.pixels.columns && in_one_plane(group) &&
           same_orientation(group.frames[0].plane(), groups[first].frames[0].plane());
  };
  if (one.study_uid.empty() || !in_one_plane(groups[first])) return;
  DicomGroup whole = groups[first];
  std::vector<size_t> taken{first};
  std::map<std::string, int> uids{{one.series_uid, 1}};
  for (size_t i = first + 1; i < groups.size(); ++i)
    if (is_alike(groups[i]) && ++uids[groups[i].frames[0].instance->series_uid] == 1) {
      taken.push_back(i);
      whole.frames.insert(whole.frames.end(), groups[i].frames.begin(), groups[i].frames.end());
    }
  if (taken.size() < 3 || !are_regular_frames(whole.frames)) return;
  whole.notes.push_back(
      fmt::format("{} series of one slice each, alike in study, number and description, lie in even steps and are read "
                  "as one scan: every slice has a Series Instance UID (0020,000E) of its own",
                  taken.size()));
  groups[first] = std::move(whole);
  for (size_t i = taken.size() - 1; i > 0; --i) groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(taken[i]));
}

}  // namespace

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
  for (auto& [key, groups] : series)
    for (DicomGroup& group : groups) {
      auto stacks = stacks_of(std::move(group));
      std::move(stacks.begin(), stacks.end(), std::back_inserter(list));
    }
  for (size_t i = 0; i < list.size(); ++i) take_in_alike(list, i);
  return list;
}

}  // namespace thor
