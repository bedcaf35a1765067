// SPDX-License-Identifier: Apache-2.0
#include "thor/image/dicom/dicom_stack.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/axes.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

constexpr double kSamePlaceMm = 1e-3;
constexpr double kEvenSteps = 0.01;   // relative; below, steps are taken for equal
constexpr double kUnevenSteps = 0.1;  // above, something is missing
constexpr double kTiltDegrees = 0.1;
constexpr size_t kListedFrames = 8;

double inner(const Point3& a, const Point3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Point3 difference(const Point3& a, const Point3& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
Point3 scaled(double s, const Point3& a) { return {s * a[0], s * a[1], s * a[2]}; }
double norm(const Point3& a) { return std::sqrt(inner(a, a)); }

std::vector<float> voxels_of(const StackedFrame& f) {
  std::vector<float> voxels(static_cast<size_t>(f.instance->pixels.rows * f.instance->pixels.columns));
  with_context(fmt::format("reading '{}'", f.instance->path),
               [&] { DicomFrameReader(f.instance).read(f.frame, voxels.data()); });
  return voxels;
}

bool are_copies(const StackPlace& place) {
  for (size_t i = 1; i < place.images.size(); ++i)
    if (voxels_of(place.images[i]) != voxels_of(place.images[0])) return false;
  return true;
}

size_t most_images(const std::vector<StackPlace>& places) {
  size_t most = 0;
  for (const StackPlace& place : places) most = std::max(most, place.images.size());
  return most;
}

/// "0: echo time 5 ms, 1: echo time 25 ms", with the places they have where those are not all.
std::string frame_list(const ToldFrames& told, size_t places) {
  std::string list;
  for (size_t i = 0; i < told.names.size(); ++i) {
    if (i == kListedFrames) return list + ", ...";
    list += fmt::format("{}{}: {}", i == 0 ? "" : ", ", i, told.names[i]);
    if (const int64_t have = told.places_of_frame(i); have < static_cast<int64_t>(places))
      list += fmt::format(" ({} of {} places)", have, places);
  }
  return list;
}

std::vector<StackedFrame> chosen_of(const ToldFrames& told, size_t places, const ScanChoice& choice) {
  const auto frames = static_cast<int64_t>(told.names.size());
  if (choice.frame < 0)
    fail(ErrorKind::Unsupported, "it has {} frames ({}); choose one with `frame`", frames, frame_list(told, places));
  const auto frame = static_cast<size_t>(chosen_frame(choice, frames));
  if (told.places_of_frame(frame) < static_cast<int64_t>(places))
    fail_input("frame {} ({}) has images at {} of {} places; find the missing files, or choose another frame", frame,
               told.names[frame], told.places_of_frame(frame), places);
  return told.images[frame];
}

std::string position_text(const Point3& p) { return fmt::format("{:g}\\{:g}\\{:g}", p[0], p[1], p[2]); }

[[noreturn]] void refuse_one_place(const StackPlace& place) {
  fail_input(
      "its {} images all name one place, Image Position (Patient) {}: as slices they need places of their own (correct "
      "(0020,0032)), as time points or echoes something that tells them apart; choose a single image with `frame`",
      place.images.size(), position_text(place.images[0].origin()));
}

/// Where nothing tells images at one place apart they must be copies.
std::vector<StackedFrame> first_of_copies(const std::vector<StackPlace>& places) {
  std::vector<StackedFrame> slices;
  int64_t copies = 0;
  for (const StackPlace& place : places) {
    if (place.images.size() > 1 && !are_copies(place))
      fail_input("{} and {} lie at the same place but differ, and nothing tells which belongs to the scan; remove one",
                 name_of(place.images[0]), name_of(place.images[1]));
    copies += static_cast<int64_t>(place.images.size()) - 1;
    slices.push_back(place.images[0]);
  }
  if (copies > 0) warn("{} copies of slices are passed over", copies);
  return slices;
}

/// One image a place.
std::vector<StackedFrame> one_at_each(const std::vector<StackPlace>& places, const ScanChoice& choice) {
  const size_t most = most_images(places);
  const bool all_copies = choice.frame < 0 && std::all_of(places.begin(), places.end(), are_copies);
  if (most > 1 && !all_copies)
    if (const auto told = told_by_values(places)) return chosen_of(*told, places.size(), choice);
  const bool same_everywhere =
      std::all_of(places.begin(), places.end(), [&](const StackPlace& p) { return p.images.size() == most; });
  const bool differ =
      most > 1 && same_everywhere &&
      !std::all_of(places.begin(), places.end(), [](const StackPlace& place) { return are_copies(place); });
  if (!differ) {
    chosen_frame(choice, 1);
    return first_of_copies(places);
  }
  if (places.size() == 1) {
    // A single place cannot mix frames.
    if (choice.frame < 0) refuse_one_place(places[0]);
    return {places[0].images[static_cast<size_t>(chosen_frame(choice, static_cast<int64_t>(most)))]};
  }
  if (const auto told = told_by_order(places)) return chosen_of(*told, places.size(), choice);
  fail_input(
      "it has {} images at each of {} places, and nothing they say (echo, time, acquisition, image type, numbers) "
      "tells which belong together; sort their files into a folder for each scan",
      most, places.size());
}

/// Refuses gaps. `heights` ascend.
void check_gaps(const std::vector<StackPlace>& places, const std::vector<StackedFrame>& slices) {
  std::vector<double> steps;
  for (size_t i = 1; i < places.size(); ++i) steps.push_back(places[i].height - places[i - 1].height);
  std::vector<double> sorted = steps;
  std::nth_element(sorted.begin(), sorted.begin() + (sorted.size() - 1) / 2, sorted.end());
  const double usual = sorted[(sorted.size() - 1) / 2];
  double worst = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    const double off = std::abs(steps[i] - usual);
    if (off > kUnevenSteps * usual && off > kSamePlaceMm)
      fail_input(
          "slices are missing or out of place: from {} to {} it is {:.3f} mm where {:.3f} mm is usual; find "
          "the missing files, or convert the series with dcm2niix and resample it",
          name_of(slices[i]), name_of(slices[i + 1]), steps[i], usual);
    worst = std::max(worst, off);
  }
  if (worst > kEvenSteps * usual && worst > kSamePlaceMm)
    warn("the distance of slices varies by up to {:.3f} mm around {:.3f} mm; their mean is used", worst, usual);
}

/// The step from slice to slice: sheared where the gantry was tilted.
Point3 step_of(const std::vector<StackedFrame>& slices, const Point3& normal) {
  const Point3 &first = slices.front().origin(), &last = slices.back().origin();
  const Point3 step = scaled(1.0 / static_cast<double>(slices.size() - 1), difference(last, first));
  for (size_t i = 0; i < slices.size(); ++i) {
    const Point3 expected = scaled(static_cast<double>(i), step);
    const double off = norm(difference(difference(slices[i].origin(), first), expected));
    if (off > kUnevenSteps * 5 * norm(step) && off > kSamePlaceMm)
      fail_input(
          "its slices do not lie on a straight line: {} is {:.3f} mm beside it; convert the series with "
          "dcm2niix and resample it",
          name_of(slices[i]), off);
  }
  const double tilt = std::acos(std::min(1.0, inner(step, normal) / norm(step))) * 180 / M_PI;
  if (tilt > kTiltDegrees)
    warn("its slices are tilted by {:.1f} degrees against their stack (gantry tilt); the sheared geometry is kept",
         tilt);
  return step;
}

Affine affine_of_stack(const StackedFrame& slice, const Point3& step) {
  const DicomPlane& plane = slice.plane();
  if (plane.column_mm == 0) warn("it does not say how far its pixels are apart; taken as 1 mm");
  const double column = plane.column_mm == 0 ? 1 : plane.column_mm, row = plane.row_mm == 0 ? 1 : plane.row_mm;
  const Affine lps =
      affine_of({scaled(column, plane.along_row), scaled(row, plane.along_column), step}, slice.origin());
  const Affine ras = ras_from_lps(lps);
  check_axes(ras);
  return ras;
}

bool all_are(const std::vector<StackedFrame>& frames, bool (*is)(const StackedFrame&)) {
  return std::all_of(frames.begin(), frames.end(), is);
}

/// Where every image says how it is turned and a Slice Location of its own, but no place, or all the same one, the
/// locations order them: along the normal, which is an assumption.
bool place_by_location(std::vector<StackedFrame>& frames, const Point3& normal) {
  if (!all_are(frames, [](const StackedFrame& f) { return f.plane().oriented && f.instance->slice_location; }))
    return false;
  const bool positioned = all_are(frames, [](const StackedFrame& f) { return f.plane().positioned; });
  const Point3 first = frames[0].plane().origin;
  std::set<double> locations;
  for (const StackedFrame& frame : frames) {
    if (positioned && norm(difference(frame.plane().origin, first)) > kSamePlaceMm) return false;
    locations.insert(*frame.instance->slice_location);
  }
  if (locations.size() < 2 || (positioned && locations.size() < frames.size())) return false;
  warn(
      "{}; the {} images are placed by Slice Location (0020,1041) along the normal of the slices: if locations grow "
      "the other way the volume is mirrored, and where it lies in the plane is not known",
      positioned ? "all images name one Image Position (Patient)" : "its images say no Image Position (Patient)",
      frames.size());
  for (StackedFrame& frame : frames) frame.assumed = scaled(*frame.instance->slice_location, normal);
  return true;
}

/// The chosen one of images that cannot be stacked.
StackedFrame one_of_unplaced(const std::vector<StackedFrame>& frames, const ScanChoice& choice) {
  if (choice.frame >= 0) return frames[static_cast<size_t>(chosen_frame(choice, static_cast<int64_t>(frames.size())))];
  const bool positioned = all_are(frames, [](const StackedFrame& f) { return f.plane().positioned; });
  const bool oriented = all_are(frames, [](const StackedFrame& f) { return f.plane().oriented; });
  fail(ErrorKind::Unsupported,
       "its {} images do not say {}, so they cannot be stacked ({}); add it from the scanner's own files, or choose a "
       "single image with `frame`",
       frames.size(),
       positioned && !oriented   ? "how they are turned: Image Orientation (Patient) (0020,0037) is missing"
       : oriented && !positioned ? "where they lie: Image Position (Patient) (0020,0032) is missing"
                                 : "where they lie: (0020,0032) and (0020,0037) are missing",
       name_of(frames[0]));
}

/// What the files of a stack have that is not as it should be: each thing once, with how many have it.
void warn_of_notes(const DicomStack& stack) {
  std::set<std::pair<std::string, int64_t>> uids;
  for (const StackedFrame& slice : stack.slices) uids.insert({slice.instance->sop_instance_uid, slice.frame});
  if (uids.size() < stack.slices.size())
    warn("its {} slices have only {} SOP Instance UIDs (0008,0018): DICOM results that refer to slices are ambiguous",
         stack.slices.size(), uids.size());
  std::map<std::string, std::set<const DicomInstance*>> notes;
  for (const StackedFrame& slice : stack.slices)
    for (const std::string& note : slice.instance->notes) notes[note].insert(slice.instance.get());
  for (const auto& [note, files] : notes)
    if (files.size() == 1)
      warn("{}", note);
    else
      warn("{} ({} files)", note, files.size());
}

}  // namespace

std::string name_of(const StackedFrame& frame) {
  const std::string file = std::filesystem::path(frame.instance->path).filename().string();
  return frame.instance->frames.size() > 1 ? fmt::format("'{}' frame {}", file, frame.frame + 1)
                                           : fmt::format("'{}'", file);
}

std::vector<StackPlace> places_of(std::vector<StackedFrame> frames, const Point3& normal) {
  const auto key = [&](const StackedFrame& f) {
    return std::make_tuple(inner(f.origin(), normal), f.instance->instance_number, f.frame);
  };
  std::sort(frames.begin(), frames.end(), [&](const auto& a, const auto& b) {
    return key(a) != key(b) ? key(a) < key(b) : a.instance->path < b.instance->path;
  });
  std::vector<StackPlace> places;
  for (auto& frame : frames) {
    const double height = inner(frame.origin(), normal);
    if (places.empty() || height - places.back().height > kSamePlaceMm) places.push_back({height, {}});
    if (!places.back().images.empty() &&
        norm(difference(places.back().images[0].origin(), frame.origin())) > 2 * kSamePlaceMm)
      fail_input("{} and {} lie side by side in one plane; give one of them alone", name_of(places.back().images[0]),
                 name_of(frame));
    places.back().images.push_back(std::move(frame));
  }
  for (StackPlace& place : places)
    std::stable_sort(place.images.begin(), place.images.end(), [](const auto& a, const auto& b) {
      return std::make_pair(a.instance->instance_number, a.frame) <
             std::make_pair(b.instance->instance_number, b.frame);
    });
  return places;
}

bool are_regular(const std::vector<StackPlace>& places) {
  if (places.size() < 3) return false;
  const Point3& first = places.front().images[0].origin();
  const Point3 step =
      scaled(1.0 / static_cast<double>(places.size() - 1), difference(places.back().images[0].origin(), first));
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i].images.size() != places[0].images.size()) return false;
    const Point3 expected = scaled(static_cast<double>(i), step);
    const double off = norm(difference(difference(places[i].images[0].origin(), first), expected));
    if (off > kUnevenSteps * norm(step) && off > kSamePlaceMm) return false;
  }
  return true;
}

DicomStack stack_of(std::vector<StackedFrame> frames, const ScanChoice& choice) {
  const DicomPlane& plane = frames.front().plane();
  const Point3 normal = plane.normal();
  const Point3 alone = scaled(plane.thickness_mm > 0 ? plane.thickness_mm : 1, normal);
  if (frames.size() == 1) {
    chosen_frame(choice, 1);
    return {frames, affine_of_stack(frames[0], alone)};
  }
  if (!place_by_location(frames, normal) &&
      !all_are(frames, [](const StackedFrame& f) { return f.plane().placed(); })) {
    const StackedFrame one = one_of_unplaced(frames, choice);
    return {{one}, affine_of_stack(one, alone)};
  }
  const auto places = places_of(std::move(frames), normal);
  DicomStack stack;
  stack.slices = one_at_each(places, choice);
  if (places.size() > 1) check_gaps(places, stack.slices);
  const Point3 step = places.size() > 1 ? step_of(stack.slices, normal) : alone;
  stack.ras_from_voxel = affine_of_stack(stack.slices.front(), step);
  return stack;
}

Image read_stack(const DicomStack& stack) {
  const DicomInstance& first = *stack.slices.front().instance;
  const int64_t depth = static_cast<int64_t>(stack.slices.size()), rows = first.pixels.rows,
                columns = first.pixels.columns;
  check_size(columns, rows, depth);
  warn_of_notes(stack);
  Image image;
  image.voxels = at::empty({depth, rows, columns}, at::kFloat);  // [D,H,W]
  image.geometry.ras_from_voxel = stack.ras_from_voxel;
  image.geometry.guessed = !stack.slices.front().plane().placed() && !stack.slices.front().assumed;
  image.medical = true;
  image.encoding = fmt::format("DICOM {}, {} of {} bit{}", first.syntax->name, first.pixels.bits_stored,
                               first.pixels.bits_allocated, first.pixels.is_signed ? ", signed" : "");
  DicomSource source{first.study_uid, first.series_uid,         first.frame_of_reference_uid,
                     first.modality,  first.series_description, {}};
  std::optional<DicomFrameReader> file;
  for (int64_t z = 0; z < depth; ++z) {
    throw_if_interrupted();
    const StackedFrame& slice = stack.slices[static_cast<size_t>(z)];
    with_context(fmt::format("reading '{}'", slice.instance->path), [&] {
      if (!file || &file->instance() != slice.instance.get()) file.emplace(slice.instance);
      file->read(slice.frame, image.voxels.data_ptr<float>() + z * rows * columns);
    });
    const Point3& lps = slice.origin();
    source.slices.push_back({slice.instance->path, slice.instance->sop_class_uid, slice.instance->sop_instance_uid,
                             slice.instance->multi_frame ? slice.frame + 1 : 0, Point3{-lps[0], -lps[1], lps[2]}});
  }
  image.dicom = std::make_shared<const DicomSource>(std::move(source));
  return image;
}

}  // namespace thor
