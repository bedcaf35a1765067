// SPDX-License-Identifier: Apache-2.0
#include "thor/image/dicom_stack.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

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

double inner(const Point3& a, const Point3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Point3 difference(const Point3& a, const Point3& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
Point3 scaled(double s, const Point3& a) { return {s * a[0], s * a[1], s * a[2]}; }
double norm(const Point3& a) { return std::sqrt(inner(a, a)); }
std::string file_of(const StackedFrame& f) { return std::filesystem::path(f.instance->path).filename().string(); }

/// All images at one place along the normal, by instance and frame number.
struct Place {
  double height = 0;
  std::vector<StackedFrame> images;
};

std::vector<Place> places_of(std::vector<StackedFrame> frames, const Point3& normal) {
  const auto key = [&](const StackedFrame& f) {
    return std::make_tuple(inner(f.plane().origin, normal), f.instance->instance_number, f.frame);
  };
  std::sort(frames.begin(), frames.end(), [&](const auto& a, const auto& b) {
    return key(a) != key(b) ? key(a) < key(b) : a.instance->path < b.instance->path;
  });
  std::vector<Place> places;
  for (auto& frame : frames) {
    const double height = inner(frame.plane().origin, normal);
    if (places.empty() || height - places.back().height > kSamePlaceMm) places.push_back({height, {}});
    if (!places.back().images.empty() &&
        norm(difference(places.back().images[0].plane().origin, frame.plane().origin)) > 2 * kSamePlaceMm)
      fail_input("'{}' and '{}' lie side by side in one plane; give one of them alone",
                 file_of(places.back().images[0]), file_of(frame));
    places.back().images.push_back(std::move(frame));
  }
  for (Place& place : places)
    std::stable_sort(place.images.begin(), place.images.end(), [](const auto& a, const auto& b) {
      return std::make_pair(a.instance->instance_number, a.frame) <
             std::make_pair(b.instance->instance_number, b.frame);
    });
  return places;
}

std::vector<float> voxels_of(const StackedFrame& f) {
  std::vector<float> voxels(static_cast<size_t>(f.instance->pixels.rows * f.instance->pixels.columns));
  with_context(fmt::format("reading '{}'", f.instance->path),
               [&] { DicomFrameReader(f.instance).read(f.frame, voxels.data()); });
  return voxels;
}

bool are_copies(const Place& place) {
  for (size_t i = 1; i < place.images.size(); ++i)
    if (voxels_of(place.images[i]) != voxels_of(place.images[0])) return false;
  return true;
}

/// One image a place.
std::vector<StackedFrame> one_at_each(const std::vector<Place>& places, const ScanChoice& choice) {
  const size_t most = std::max_element(places.begin(), places.end(), [](const Place& a, const Place& b) {
                        return a.images.size() < b.images.size();
                      })->images.size();
  const bool same_everywhere =
      std::all_of(places.begin(), places.end(), [&](const Place& place) { return place.images.size() == most; });
  const bool several = most > 1 && same_everywhere && (choice.frame >= 0 || !are_copies(places[0]));
  const auto taken = static_cast<size_t>(chosen_frame(choice, several ? static_cast<int64_t>(most) : 1));
  int64_t copies = 0;
  std::vector<StackedFrame> slices;
  for (const Place& place : places) {
    if (!several && place.images.size() > 1) {
      if (!are_copies(place))
        fail_input("'{}' and '{}' lie at the same place but differ; remove one of them", file_of(place.images[0]),
                   file_of(place.images[1]));
      copies += static_cast<int64_t>(place.images.size()) - 1;
    }
    slices.push_back(place.images[taken]);
  }
  if (copies > 0) warn("{} copies of slices are passed over", copies);
  return slices;
}

/// Refuses gaps. `heights` ascend.
void check_gaps(const std::vector<Place>& places, const std::vector<StackedFrame>& slices) {
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
          "slices are missing or out of place: from '{}' to '{}' it is {:.3f} mm where {:.3f} mm is usual; find "
          "the missing files, or convert the series with dcm2niix and resample it",
          file_of(slices[i]), file_of(slices[i + 1]), steps[i], usual);
    worst = std::max(worst, off);
  }
  if (worst > kEvenSteps * usual && worst > kSamePlaceMm)
    warn("the distance of slices varies by up to {:.3f} mm around {:.3f} mm; their mean is used", worst, usual);
}

/// The step from slice to slice: sheared where the gantry was tilted.
Point3 step_of(const std::vector<StackedFrame>& slices, const Point3& normal) {
  const Point3 &first = slices.front().plane().origin, &last = slices.back().plane().origin;
  const Point3 step = scaled(1.0 / static_cast<double>(slices.size() - 1), difference(last, first));
  for (size_t i = 0; i < slices.size(); ++i) {
    const Point3 expected = scaled(static_cast<double>(i), step);
    const double off = norm(difference(difference(slices[i].plane().origin, first), expected));
    if (off > kUnevenSteps * 5 * norm(step) && off > kSamePlaceMm)
      fail_input(
          "its slices do not lie on a straight line: '{}' is {:.3f} mm beside it; convert the series with "
          "dcm2niix and resample it",
          file_of(slices[i]), off);
  }
  const double tilt = std::acos(std::min(1.0, inner(step, normal) / norm(step))) * 180 / M_PI;
  if (tilt > kTiltDegrees)
    warn("its slices are tilted by {:.1f} degrees against their stack (gantry tilt); the sheared geometry is kept",
         tilt);
  return step;
}

Affine affine_of_stack(const DicomPlane& plane, const Point3& step) {
  if (plane.column_mm == 0) warn("it does not say how far its pixels are apart; taken as 1 mm");
  const double column = plane.column_mm == 0 ? 1 : plane.column_mm, row = plane.row_mm == 0 ? 1 : plane.row_mm;
  const Affine lps = affine_of({scaled(column, plane.along_row), scaled(row, plane.along_column), step}, plane.origin);
  const Affine ras = ras_from_lps(lps);
  check_axes(ras);
  return ras;
}

}  // namespace

DicomStack stack_of(std::vector<StackedFrame> frames, const ScanChoice& choice) {
  const DicomPlane& plane = frames.front().plane();
  const Point3 normal = plane.normal();
  const double thickness = plane.thickness_mm > 0 ? plane.thickness_mm : 1;
  if (frames.size() == 1) {
    chosen_frame(choice, 1);
    return {frames, affine_of_stack(plane, scaled(thickness, normal))};
  }
  for (const StackedFrame& frame : frames)
    if (!frame.plane().placed) {
      if (choice.frame >= 0) {
        const auto chosen = static_cast<size_t>(chosen_frame(choice, static_cast<int64_t>(frames.size())));
        return {{frames[chosen]}, affine_of_stack(frames[chosen].plane(), scaled(thickness, normal))};
      }
      fail(ErrorKind::Unsupported,
           "its {} images do not say where they lie ('{}'); choose one with frame, or give a single file",
           frames.size(), file_of(frame));
    }
  const auto places = places_of(std::move(frames), normal);
  DicomStack stack;
  stack.slices = one_at_each(places, choice);
  if (places.size() > 1) check_gaps(places, stack.slices);
  const Point3 step = places.size() > 1 ? step_of(stack.slices, normal) : scaled(thickness, normal);
  stack.ras_from_voxel = affine_of_stack(stack.slices.front().plane(), step);
  return stack;
}

Image read_stack(const DicomStack& stack) {
  const DicomInstance& first = *stack.slices.front().instance;
  const int64_t depth = static_cast<int64_t>(stack.slices.size()), rows = first.pixels.rows,
                columns = first.pixels.columns;
  check_size(columns, rows, depth);
  Image image;
  image.voxels = at::empty({depth, rows, columns}, at::kFloat);  // [D,H,W]
  image.geometry.ras_from_voxel = stack.ras_from_voxel;
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
    const Point3& lps = slice.plane().origin;
    source.slices.push_back({slice.instance->path, slice.instance->sop_class_uid, slice.instance->sop_instance_uid,
                             slice.instance->multi_frame ? slice.frame + 1 : 0, Point3{-lps[0], -lps[1], lps[2]}});
  }
  image.dicom = std::make_shared<const DicomSource>(std::move(source));
  return image;
}

}  // namespace thor
