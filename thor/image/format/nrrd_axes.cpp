// SPDX-License-Identifier: Apache-2.0
#include "thor/image/format/nrrd_axes.h"

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"
#include "thor/image/axes.h"

namespace thor {
namespace {

constexpr int64_t kMaxNrrdFrames = 1 << 20;
constexpr size_t kMostCoordinates = 4;  // of space and time

/// One axis of the array, fastest first.
struct NrrdAxis {
  int64_t size = 1;
  bool in_space = true;
  Point3 step{0, 0, 0};  ///< in the header's space; all 0 where it is not said
  std::string kind;
  bool has_min = false;
  double first = 0;  ///< where its first sample lies, in a header without a space
};

/// True where the last coordinate of the header's space is time: "left-posterior-superior-time", "LPST".
bool has_time(const TextHeader& header) {
  const std::string space = lower_case(header.text("space"));
  const size_t time = space.rfind("-time");
  return (time != std::string::npos && time + 5 == space.size()) || space == "rast" || space == "last" ||
         space == "lpst";
}

/// An axis from "(1,0,0)", with a fourth coordinate where the space has time.
void take_vector(const std::vector<double>& vector, bool time, NrrdAxis& axis) {
  const bool none = std::all_of(vector.begin(), vector.end(), [](double part) { return std::isnan(part); });
  if (time && vector.size() != kMostCoordinates)
    fail_input("its header is damaged: its space has a time, but an axis has {} coordinates, not 4", vector.size());
  if (!time && (vector.size() < 2 || vector.size() > 3))
    fail_input("its header is damaged: an axis with {} coordinates in a space without time", vector.size());
  std::copy_n(vector.begin(), std::min<size_t>(3, vector.size()), axis.step.begin());
  const bool moves = axis.step != Point3{0, 0, 0};
  if (time && vector[3] != 0 && moves && !none)
    fail(ErrorKind::Unsupported, "one of its NRRD axes runs through space and time at once; convert it to NIfTI");
  axis.in_space = !none && (moves || !time || vector[3] == 0);
}

void take_directions(const TextHeader& header, std::vector<NrrdAxis>& axes) {
  const std::string text = header.text("space directions");
  const bool time = has_time(header);
  size_t at = 0;
  for (NrrdAxis& axis : axes) {
    at = text.find_first_not_of(" \t", at);
    if (at == std::string::npos) fail_input("its header is damaged: 'space directions' has too few axes");
    if (text[at] != '(') {
      axis.in_space = false;
      at = std::min(text.find_first_of(" \t", at), text.size());
      continue;
    }
    const size_t end = std::min(text.find(')', at), text.size());
    take_vector(numbers_in(text.substr(at, end - at)), time, axis);
    at = std::min(end + 1, text.size());
  }
}

/// The numbers of the first of these fields that the header has, one an axis; empty where it has none.
std::vector<double> numbers_of_axes(const TextHeader& header, std::initializer_list<const char*> names, size_t count) {
  for (const char* name : names)
    if (header.has(name)) return header.numbers(name, count);
  return {};
}

/// Without directions: spacings along the axes, or from their ends; "nan" marks an axis that is not in space. Ends are
/// those of samples where they are centred on nodes, of the cells around them otherwise (ITK's choice).
void take_spacings(const TextHeader& header, std::vector<NrrdAxis>& axes) {
  auto spacings = numbers_of_axes(header, {"spacings"}, axes.size());
  const auto mins = numbers_of_axes(header, {"axis mins", "axismins"}, axes.size());
  const auto maxs = numbers_of_axes(header, {"axis maxs", "axismaxs"}, axes.size());
  const auto centred = words_in(lower_case(header.text("centers", header.text("centerings"))));
  const bool from_ends = spacings.empty() && !mins.empty() && !maxs.empty();
  if (spacings.empty()) spacings.assign(axes.size(), 1.0);
  int space = 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    const bool node = i < centred.size() && centred[i] == "node";
    if (from_ends) {
      const int64_t steps = std::max<int64_t>(1, axes[i].size - node);
      spacings[i] = (maxs[i] - mins[i]) / static_cast<double>(steps);
    }
    const std::string& kind = axes[i].kind;
    const bool other = std::isnan(spacings[i]) || space == 3 ||
                       !(kind.empty() || kind == "???" || kind == "domain" || kind == "space");
    axes[i].in_space = !other;
    if (other) continue;
    axes[i].step[space++] = spacings[i];
    axes[i].has_min = !mins.empty() && std::isfinite(mins[i]);
    if (axes[i].has_min) axes[i].first = mins[i] + (node ? 0 : spacings[i] / 2);
  }
}

std::vector<NrrdAxis> axes_of(const TextHeader& header) {
  std::vector<NrrdAxis> axes;
  for (const int64_t size : header.sizes("sizes")) axes.push_back({size, true, {0, 0, 0}, "", false, 0});
  const auto dimension = header.numbers("dimension", 1)[0];
  if (axes.empty() || axes.size() > 16 || static_cast<double>(axes.size()) != dimension)
    fail_input("its header is damaged: {} dimensions but {} sizes", dimension, axes.size());
  const auto kinds = words_in(lower_case(header.text("kinds")));
  for (size_t i = 0; i < std::min(kinds.size(), axes.size()); ++i) axes[i].kind = kinds[i];
  if (header.has("space directions"))
    take_directions(header, axes);
  else
    take_spacings(header, axes);
  return axes;
}

Point3 origin_of(const TextHeader& header, const std::vector<NrrdAxis>& axes) {
  Point3 origin{0, 0, 0};
  if (header.has("space origin")) {
    const auto given = header.numbers("space origin");
    if (given.size() > kMostCoordinates - !has_time(header))
      fail_input("its header is damaged: an origin with {} coordinates", given.size());
    std::copy_n(given.begin(), std::min<size_t>(3, given.size()), origin.begin());
    return origin;
  }
  const bool all = std::all_of(axes.begin(), axes.end(), [](const NrrdAxis& a) { return !a.in_space || a.has_min; });
  int space = 0;
  for (const NrrdAxis& axis : axes)
    if (all && axis.in_space) origin[space++] = axis.first;
  return origin;
}

/// An axis before those of space: colours, or frames.
void take_fastest(const NrrdAxis& axis, NrrdLayout& layout) {
  if (axis.size == 1) return;
  const bool colour = axis.kind.find("color") != std::string::npos;
  if (layout.colours > 1 || (colour && layout.interleaved > 1))
    fail(ErrorKind::Unsupported, "it has colours and frames before its voxels; make the frames the slowest axis");
  if (!colour && axis.size > kMaxNrrdFrames / layout.interleaved)
    fail_input("its header is damaged: {} frames", axis.size);
  (colour ? layout.colours : layout.interleaved) *= axis.size;
  if (colour && layout.colours != 3 && layout.colours != 4)
    fail(ErrorKind::Unsupported, "it has {} colours a voxel; convert it to gray", layout.colours);
}

}  // namespace

std::string nrrd_space(const TextHeader& header) {
  const std::string space = lower_case(header.text("space"));
  if (!has_time(header)) return space;
  return space.substr(0, space.size() - (space.size() == 4 ? 1 : 5));
}

NrrdLayout nrrd_layout(const TextHeader& header) {
  const std::vector<NrrdAxis> axes = axes_of(header);
  NrrdLayout layout;
  std::array<Point3, 3> steps{};
  size_t space = 0;
  bool behind = false;
  for (const NrrdAxis& axis : axes) {
    behind = behind || (space > 0 && !axis.in_space);
    if (axis.in_space) {
      if (space == 3 || behind)
        fail(ErrorKind::Unsupported, "its NRRD axes are in an order that is not read; convert it to NIfTI");
      steps[space] = axis.step;
      layout.size[space++] = axis.size;
    } else if (space == 0) {
      take_fastest(axis, layout);
    } else {
      if (axis.size > kMaxNrrdFrames / layout.interleaved / layout.frames)
        fail_input("its header is damaged: {} frames", axis.size);
      layout.frames *= axis.size;
    }
  }
  if (space < 2) fail(ErrorKind::Unsupported, "only {} of its axes lie in space; two or three are read", space);
  layout.in_space = affine_of(steps, origin_of(header, axes));
  complete_third_axis(layout.in_space, layout.size[2]);
  return layout;
}

}  // namespace thor
