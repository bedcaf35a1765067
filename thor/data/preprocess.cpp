// SPDX-License-Identifier: Apache-2.0
#include "thor/data/preprocess.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"
#include "thor/data/preprocess_step.h"
#include "thor/image/quantile.h"

namespace thor {
namespace {

constexpr int64_t kMinSide = 8;  // pixels; below that there is nothing to see

/// Where the image lies in the square it is padded to.
struct Square {
  int64_t side, top, left;
  Square(int64_t height, int64_t width)
      : side(std::max(height, width)), top((side - height) / 2), left((side - width) / 2) {}
};

Tensor pad_to_square(const Tensor& image, double value) {  // [H,W] -> [S,S]
  const int64_t height = image.size(0), width = image.size(1);
  const Square square(height, width);
  Tensor padded = at::full({square.side, square.side}, value, image.options());
  padded.narrow(0, square.top, height).narrow(1, square.left, width).copy_(image);
  return padded;
}

Tensor resize_bilinear(const Tensor& image, int64_t side) {  // [H,W] -> [side,side]
  return at::upsample_bilinear2d(image.unsqueeze(0).unsqueeze(0), {side, side}, /*align_corners=*/false)[0][0];
}

Tensor resize_nearest(const Tensor& mask, int64_t side) {  // [H,W] -> [side,side]
  // "exact" takes the pixel whose area holds the new centre: the same geometry as the bilinear resize of the image.
  return at::_upsample_nearest_exact2d(mask.unsqueeze(0).unsqueeze(0), {side, side})[0][0];
}

Window full_range_window(const Image& image, double min, double max) {
  if (image.full_scale > 0) return {0, image.full_scale};
  if (min >= 0 && max <= 1) return {0, 1};
  // A volume finds its white in the preprocessing steps or in its own percentiles; a slice by itself has neither.
  if (image.medical && image.voxels.size(0) == 1)
    fail_input(
        "'{}' is a single slice with values from {:g} to {:g}, and its format says no white to scale it by "
        "(preprocess.intensity is full_range); give the whole scan (of DICOM the folder with its series), or the slice "
        "as a PNG whose white is the scan's",
        image.path, min, max);
  fail_input(
      "'{}' has values from {:g} to {:g}, and its format says no white to scale them by (preprocess.intensity is "
      "full_range); a model that scales by percentiles is needed: preprocess.intensity: percentile, in the config of "
      "thor prepare and thor train",
      image.path, min, max);
}

Window percentile_window(const Image& image, double min, double percent) {
  const double white = percentile_of(image.voxels, percent);
  const double black = is_ringing(min, white) ? 0 : std::min(min, 0.0);
  if (white <= black)
    fail_input("percentile {:g} of '{}' is its black: the image is nearly empty; raise preprocess.percentile", percent,
               image.path);
  return {black, white};
}

void check_slice_size(const Image& image) {
  const int64_t height = image.voxels.size(1), width = image.voxels.size(2);
  if (std::min(height, width) < kMinSide)
    fail_input("'{}' has {} x {} pixels; at least {} x {} are needed", image.path, width, height, kMinSide, kMinSide);
}

}  // namespace

void PreprocessConfig::describe(Fields& fields) {
  fields.add("size", &size, "side of the square the network sees, pixels", between(kMinSide, 2048));
  fields.add(
      "intensity", &intensity,
      "what becomes 1: full_range = the white of the file format, percentile = a percentile of the image (X-rays)");
  fields.add("percentile", &percentile, "for intensity: percentile, the percentile that becomes 1", between(1, 100));
  fields.add("steps", &steps, "what is done to a volume before it is sliced: a list of {step: NAME, ...}");
  fields.add("slices", &slices, "[from, to] mm: the axial slices that are used of a volume; empty = all",
             between(-10000, 10000));
  fields.add("landmarks", &landmarks,
             "quantiles of the brain that detection matches to those of the training slices, e.g. [0.02, 0.5, 0.9]; "
             "empty = none",
             between(0, 1));
  fields.add("picture_z_mm", &picture_z_mm,
             "height of a picture or single slice, which has no place of its own, where `slices` are several, mm",
             between(-10000, 10000));
}

double PreprocessConfig::picture_height() const {
  return slices.size() == 2 && slices[0] == slices[1] ? slices[0] : picture_z_mm;
}

void PreprocessConfig::check() const {
  parse_steps(steps);
  if (!std::is_sorted(landmarks.begin(), landmarks.end()) || landmarks.size() == 1)
    fail_usage("preprocess.landmarks is [{}], expected at least two shares in ascending order, or nothing",
               fmt::join(landmarks, ", "));
  if (!slices.empty() && (slices.size() != 2 || slices[0] > slices[1]))
    fail_usage("preprocess.slices is [{}], expected [from, to] in mm with from <= to, or nothing for all",
               fmt::join(slices, ", "));
}

Window window_of(const PreprocessConfig& config, const Image& image) {
  check_slice_size(image);
  const double min = image.voxels.min().item<float>(), max = image.voxels.max().item<float>();
  if (min == max) fail_input("'{}' has the value {:g} everywhere: there is nothing to see in it", image.path, min);
  return config.intensity == Intensity::FullRange ? full_range_window(image, min, max)
                                                  : percentile_window(image, min, config.percentile);
}

Tensor in_window(const Tensor& voxels, const Window& window) {
  return ((voxels - window.black) / (window.white - window.black)).clamp_(0, 1);
}

Tensor gray_levels(const Tensor& unit) { return (unit * 255).round_().to(at::kByte); }

PreparedSlice preprocess(const PreprocessConfig& config, const Image& image, const Window& window, int64_t slice) {
  if (slice < 0 || slice >= image.voxels.size(0))
    fail(ErrorKind::Internal, "slice {} of '{}', which has {}", slice, image.path, image.voxels.size(0));
  const Tensor native = image.voxels[slice].contiguous();  // [H,W]
  PreparedSlice prepared;
  prepared.height = native.size(0);
  prepared.width = native.size(1);
  check_slice_size(image);
  prepared.black = window.black;
  prepared.white = window.white;
  const Tensor unit = in_window(native, window);  // [H,W]
  prepared.unit = resize_bilinear(pad_to_square(unit, unit.min().item<float>()), config.size);
  return prepared;
}

PreparedSlice preprocess(const PreprocessConfig& config, const Image& image) {
  if (image.voxels.size(0) != 1)
    fail(ErrorKind::Internal, "'{}' has {} slices, expected one", image.path, image.voxels.size(0));
  return preprocess(config, image, window_of(config, image), 0);
}

Tensor to_native_grid(const Tensor& unit, int64_t height, int64_t width) {
  const Square square(height, width);
  const Tensor padded = resize_bilinear(unit.to(at::kFloat), square.side);  // [S,S]
  return padded.narrow(0, square.top, height).narrow(1, square.left, width).contiguous();
}

Tensor mask_to_native_grid(const Tensor& mask, int64_t height, int64_t width) {
  const Square square(height, width);
  const Tensor padded = resize_nearest(mask.gt(0).to(at::kFloat), square.side);  // [S,S]
  return padded.narrow(0, square.top, height).narrow(1, square.left, width).contiguous();
}

Tensor to_network_grid(const Tensor& map, int64_t size) {
  return resize_bilinear(pad_to_square(map, map.min().item<float>()), size);
}

Tensor mask_to_network_grid(const Tensor& mask, int64_t size) {
  return resize_nearest(pad_to_square(mask.gt(0).to(at::kFloat), 0), size);
}

}  // namespace thor
