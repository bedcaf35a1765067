// SPDX-License-Identifier: Apache-2.0
#include "thor/data/boxes.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"

namespace thor {
namespace {

constexpr double kFarthest = 1e6;  // pixels; no image reaches there

std::string box_text(const Box& box) {
  return fmt::format("box '{}' (x {:g} to {:g}, y {:g} to {:g})", box.label, box.x_min, box.x_max, box.y_min,
                     box.y_max);
}

/// A run of pixels along one axis.
struct Run {
  int64_t first, count;
};

/// The pixels whose centres lie between `low` and `high`, else the one that holds the middle.
Run pixels_between(double low, double high, int64_t pixels) {
  const auto inside = [&](double edge) { return static_cast<int64_t>(std::clamp<double>(edge, 0, pixels)); };
  const int64_t first = inside(std::ceil(low - 0.5)), end = inside(std::ceil(high - 0.5));
  if (first < end) return {first, end - first};
  return {std::min(inside(std::floor((low + high) / 2)), pixels - 1), 1};
}

}  // namespace

void check_box(const Box& box) {
  for (const double value : {box.x_min, box.y_min, box.x_max, box.y_max})
    if (!(std::abs(value) <= kFarthest))
      fail_input("{} reaches beyond {:g} pixels; coordinates are pixels of the image", box_text(box), kFarthest);
  if (box.x_min >= box.x_max || box.y_min >= box.y_max)
    fail_input("{} is empty or inverted; xmin must be below xmax and ymin below ymax", box_text(box));
}

std::vector<Box> fit_boxes(const BoxedImage& image, int64_t height, int64_t width, std::vector<BoxRemark>& notes) {
  if ((image.width > 0 && image.width != width) || (image.height > 0 && image.height != height))
    fail_input("the boxes are for an image of {} x {} pixels, but the image has {} x {}", image.width, image.height,
               width, height);
  const auto w = static_cast<double>(width), h = static_cast<double>(height);
  std::vector<Box> fitted;
  for (const Box& box : image.boxes) {
    if (box.x_max <= 0 || box.y_max <= 0 || box.x_min >= w || box.y_min >= h)
      fail_input("{} lies outside the image of {} x {} pixels; are its coordinates those of another size?",
                 box_text(box), width, height);
    const Box cut{std::max(box.x_min, 0.0), std::max(box.y_min, 0.0), std::min(box.x_max, w), std::min(box.y_max, h),
                  box.label};
    if (cut.x_min != box.x_min || cut.y_min != box.y_min || cut.x_max != box.x_max || cut.y_max != box.y_max)
      notes.push_back(
          {image.name, fmt::format("{} was cut to the image's {} x {} pixels", box_text(box), width, height)});
    fitted.push_back(cut);
  }
  return fitted;
}

Box box_on_network_grid(const Box& native, int64_t height, int64_t width, int64_t size) {
  const int64_t side = std::max(height, width);
  const auto top = static_cast<double>((side - height) / 2), left = static_cast<double>((side - width) / 2);
  const double scale = static_cast<double>(size) / static_cast<double>(side);
  return {(native.x_min + left) * scale, (native.y_min + top) * scale, (native.x_max + left) * scale,
          (native.y_max + top) * scale, native.label};
}

Tensor box_mask(const std::vector<Box>& boxes, int64_t height, int64_t width) {
  Tensor mask = at::zeros({height, width}, at::kBool);
  for (const Box& box : boxes) {
    const Run rows = pixels_between(box.y_min, box.y_max, height),
              columns = pixels_between(box.x_min, box.x_max, width);
    mask.narrow(0, rows.first, rows.count).narrow(1, columns.first, columns.count).fill_(true);
  }
  return mask;
}

}  // namespace thor
