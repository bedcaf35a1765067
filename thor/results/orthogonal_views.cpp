// SPDX-License-Identifier: Apache-2.0
#include "thor/results/orthogonal_views.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "thor/image/overlay.h"
#include "thor/image/quantile.h"
#include "thor/image/resample.h"

namespace thor {
namespace {

constexpr double kBlack = 0.01, kWhite = 0.998;
constexpr int64_t kCrossGap = 10;  // pixels around the point that the crosshair leaves free
constexpr int64_t kGlyphScale = 2;

/// Which way a view's columns and rows run, as signed axes of the body (1 = R, 2 = A, 3 = S).
struct Looks {
  const char* name;
  int columns, rows, normal;
};
constexpr Looks kLooks[] = {{"axial", -1, -2, 3}, {"coronal", -1, -3, 2}, {"sagittal", -2, -3, 1}};

int axis_of(int direction) { return std::abs(direction) - 1; }
double sign_of(int direction) { return direction > 0 ? 1 : -1; }
char side(int direction) { return direction > 0 ? "RAS"[axis_of(direction)] : "LPI"[axis_of(direction)]; }

/// The box along the body's axes that holds all voxels, RAS mm.
struct Box {
  Point3 low, high;
  double extent(int axis) const { return high[axis] - low[axis]; }
};

Box box_of(const ViewedVolumes& volumes) {
  Box box;
  box.low.fill(std::numeric_limits<double>::infinity());
  box.high.fill(-std::numeric_limits<double>::infinity());
  for (int corner = 0; corner < 8; ++corner) {
    Point3 edge;
    for (int axis = 0; axis < 3; ++axis)
      edge[axis] = corner >> axis & 1 ? static_cast<double>(volumes.scan.size(2 - axis)) - 0.5 : -0.5;
    const Point3 p = volumes.ras_from_voxel(edge);
    for (int axis = 0; axis < 3; ++axis) {
      box.low[axis] = std::min(box.low[axis], p[axis]);
      box.high[axis] = std::max(box.high[axis], p[axis]);
    }
  }
  return box;
}

/// The pixels of a view as a grid of one slice in space.
Grid plane(const Looks& looks, const Box& box, const Point3& point, double mm) {
  Grid grid;
  grid.ras_from_voxel.rows.fill(0);
  int column = 0;
  for (const int direction : {looks.columns, looks.rows}) {
    const int axis = axis_of(direction);
    grid.size[column] = std::max<int64_t>(1, std::lround(box.extent(axis) / mm));
    grid.ras_from_voxel.at(axis, column) = sign_of(direction) * mm;
    grid.ras_from_voxel.at(axis, 3) = (direction > 0 ? box.low : box.high)[axis] + sign_of(direction) * mm / 2;
    ++column;
  }
  const int normal = axis_of(looks.normal);
  grid.ras_from_voxel.at(normal, 2) = mm;
  grid.ras_from_voxel.at(normal, 3) = point[normal];
  return grid;
}

OrthogonalView view_of(const Looks& looks, const ViewedVolumes& volumes, const Grid& grid, const Point3& point) {
  const auto seen = [&](const Tensor& voxels) { return resample(voxels, volumes.ras_from_voxel, grid)[0]; };
  OrthogonalView view;
  view.name = looks.name;
  view.left = side(-looks.columns);
  view.right = side(looks.columns);
  view.top = side(-looks.rows);
  view.bottom = side(looks.rows);
  view.gray = seen(volumes.scan);
  view.healthy = seen(volumes.healthy);
  view.map = seen(volumes.map);
  const Point3 pixel = inverse(grid.ras_from_voxel)(point);
  view.cross_x = pixel[0];
  view.cross_y = pixel[1];
  view.height_mm = point[axis_of(looks.normal)];
  return view;
}

void to_unit(std::vector<OrthogonalView>& views) {
  std::vector<Tensor> all;
  for (const OrthogonalView& view : views) all.push_back(view.gray.flatten());
  const Tensor values = at::cat(all);
  const double black = quantile_of(values, kBlack, Between::Lower), white = quantile_of(values, kWhite, Between::Lower);
  const double range = white > black ? white - black : 1;
  for (OrthogonalView& view : views)
    for (Tensor* gray : {&view.gray, &view.healthy}) *gray = ((*gray - black) / range).clamp(0, 1);
}

/// The letters a side can have, five by seven pixels, a byte a row.
struct Glyph {
  char letter;
  uint8_t rows[7];
};
constexpr Glyph kGlyphs[] = {
    {'R', {0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11}}, {'L', {0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1f}},
    {'A', {0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11}}, {'P', {0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10}},
    {'S', {0x0f, 0x10, 0x10, 0x0e, 0x01, 0x01, 0x1e}}, {'I', {0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e}},
};

/// White pixels of a rectangle that is cut where the picture ends.
void paint(Tensor& picture, int64_t top, int64_t left, int64_t height, int64_t width) {
  const int64_t bottom = std::min(top + height, picture.size(1)), right = std::min(left + width, picture.size(2));
  top = std::max<int64_t>(top, 0);
  left = std::max<int64_t>(left, 0);
  if (top < bottom && left < right) picture.narrow(1, top, bottom - top).narrow(2, left, right - left).fill_(1);
}

void write_letter(Tensor& picture, char letter, int64_t top, int64_t left) {
  for (const Glyph& glyph : kGlyphs)
    for (int64_t row = 0; glyph.letter == letter && row < 7; ++row)
      for (int64_t column = 0; column < 5; ++column)
        if (glyph.rows[row] >> (4 - column) & 1)
          paint(picture, top + row * kGlyphScale, left + column * kGlyphScale, kGlyphScale, kGlyphScale);
}

void draw_marks(Tensor& picture, const OrthogonalView& view) {
  const int64_t height = picture.size(1), width = picture.size(2);
  const int64_t x = std::lround(view.cross_x), y = std::lround(view.cross_y);
  paint(picture, y, 0, 1, x - kCrossGap);
  paint(picture, y, x + kCrossGap + 1, 1, width);
  paint(picture, 0, x, y - kCrossGap, 1);
  paint(picture, y + kCrossGap + 1, x, height, 1);
  const int64_t glyph_height = 7 * kGlyphScale, glyph_width = 5 * kGlyphScale, edge = 4;
  write_letter(picture, view.left, (height - glyph_height) / 4, edge);
  write_letter(picture, view.right, (height - glyph_height) / 4, width - edge - glyph_width);
  write_letter(picture, view.top, edge, (width - glyph_width) / 4);
  write_letter(picture, view.bottom, height - edge - glyph_height, (width - glyph_width) / 4);
}

}  // namespace

std::vector<OrthogonalView> orthogonal_views(const ViewedVolumes& volumes, const Point3& point_mm) {
  const Box box = box_of(volumes);
  const double mm = std::max({box.extent(0), box.extent(1), box.extent(2)}) / static_cast<double>(kLongestViewSide);
  std::vector<OrthogonalView> views;
  for (const Looks& looks : kLooks) views.push_back(view_of(looks, volumes, plane(looks, box, point_mm, mm), point_mm));
  to_unit(views);
  return views;
}

Tensor coloured(const OrthogonalView& view, double full) {
  return overlay(view.gray, (view.map / std::max(full, 1e-12)).clamp(0, 1));
}

Tensor montage(const std::vector<OrthogonalView>& views, double full) {
  int64_t height = 0;
  for (const OrthogonalView& view : views) height = std::max(height, view.gray.size(0));
  std::vector<Tensor> pictures;
  for (const OrthogonalView& view : views) {
    Tensor picture = coloured(view, full);
    draw_marks(picture, view);
    const int64_t above = (height - picture.size(1)) / 2;
    pictures.push_back(at::constant_pad_nd(picture, {0, 0, above, height - picture.size(1) - above}, 0));
  }
  return at::cat(pictures, 2);
}

}  // namespace thor
