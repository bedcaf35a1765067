// SPDX-License-Identifier: Apache-2.0
#include "thor/data/step_views.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "thor/image/resample.h"

namespace thor {
namespace {

constexpr const char* kHeadUp = "RPI";  // rows from the forehead, or from the top of the head
constexpr double kLongestView = 240;    // pixels
constexpr int64_t kChecker = 30;        // pixels

/// Three planes through one voxel of a volume that lies as kHeadUp says.
std::array<Tensor, 3> planes_of(const Tensor& voxels, const std::array<int64_t, 3>& at) {
  return {voxels.select(0, at[2]), voxels.select(1, at[1]), voxels.select(2, at[0])};
}

/// Square pixels, no side longer than kLongestView: a thick slice must not look flat. [H,W] in [0,1] -> uint8 [h,w]
Tensor view_of(const Tensor& plane, double row_mm, double column_mm) {
  const double rows = row_mm * static_cast<double>(plane.size(0)),
               columns = column_mm * static_cast<double>(plane.size(1));
  const double pixels_per_mm = kLongestView / std::max(rows, columns);
  const auto side = [&](double mm) { return std::max<int64_t>(1, std::lround(mm * pixels_per_mm)); };
  const Tensor resized = at::upsample_bilinear2d(plane.contiguous().unsqueeze(0).unsqueeze(0),
                                                 {side(rows), side(columns)}, /*align_corners=*/false)[0][0];
  return (resized.clamp(0, 1) * 255).round().to(at::kByte);
}

/// The two pictures in turn, in squares.
Tensor checkered(const Tensor& a, const Tensor& b) {
  const Tensor rows = at::arange(a.size(0)).floor_divide(kChecker),
               columns = at::arange(a.size(1)).floor_divide(kChecker);
  return at::where((rows.unsqueeze(1) + columns.unsqueeze(0)).remainder(2) == 0, a, b);
}

}  // namespace

StateDict step_views(const PreprocessConfig& config, const PreparedVolume& prepared, const Templates& templates) {
  const Window window = window_of(config, prepared.volume);
  const SliceRange used = slices_in(prepared, config.slices);
  const Image volume = reorient(prepared.volume, order_to(prepared.volume.geometry.ras_from_voxel, kHeadUp));
  const Tensor unit = in_window(volume.voxels, window);
  const Grid grid = grid_of(volume);
  const Point3 spacing = spacing_mm(grid.ras_from_voxel);

  PreparedVolume upright = prepared;
  upright.volume = volume;
  const int64_t middle = (used.first + used.end) / 2;
  const auto axial = slice_at(upright, height_of(prepared, std::min(middle, prepared.volume.voxels.size(0) - 1)));
  const std::array<int64_t, 3> at{grid.size[0] / 2, grid.size[1] / 2, axial.value_or(grid.size[2] / 2)};

  const Template* to = registered_template(config.steps, templates);
  Tensor reference;
  if (to) reference = resample(to->image.voxels, to->image.geometry.ras_from_voxel, grid) / 255;
  const auto shown = planes_of(unit, at);
  constexpr std::array<const char*, 3> kNames{"axial", "coronal", "sagittal"};
  const std::array<std::array<double, 2>, 3> pixel{
      {{spacing[1], spacing[0]}, {spacing[2], spacing[0]}, {spacing[2], spacing[1]}}};
  StateDict views;
  for (size_t plane = 0; plane < 3; ++plane) {
    const Tensor view = view_of(shown[plane], pixel[plane][0], pixel[plane][1]);
    views[kNames[plane]] = view;
    if (to)
      views[std::string(kNames[plane]) + "_template"] =
          checkered(view, view_of(planes_of(reference, at)[plane], pixel[plane][0], pixel[plane][1]));
  }
  return views;
}

const Template* registered_template(const std::vector<YamlText>& steps, const Templates& templates) {
  const Template* found = nullptr;
  for (const YamlText& step : steps) {
    std::string kind, name;
    Fields choice;
    choice.add("step", &kind, "");
    choice.add("template", &name, "");
    choice.read_known(step.text);
    if (kind != "register") continue;
    const auto at = templates.find(name);
    found = at == templates.end() ? nullptr : &at->second;
  }
  return found;
}

}  // namespace thor
