// SPDX-License-Identifier: Apache-2.0
#include "thor/data/preprocess.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"

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

/// Linear interpolation between order statistics, as numpy does by default.
double percentile_of(const Tensor& values, double percent) {
  const Tensor copy = values.flatten().clone();
  float* first = copy.data_ptr<float>();
  float* last = first + copy.numel();
  const double place = percent / 100 * static_cast<double>(copy.numel() - 1);
  float* low = first + static_cast<int64_t>(std::floor(place));
  std::nth_element(first, low, last);
  const double below = *low, fraction = place - std::floor(place);
  return low + 1 == last ? below : below + fraction * (*std::min_element(low + 1, last) - below);
}

/// The native values that become 0 and 1.
struct Window {
  double black, white;
};

Window full_range_window(const Image& image, double min, double max) {
  if (image.full_scale > 0) return {0, image.full_scale};
  if (min >= 0 && max <= 1) return {0, 1};
  fail_input("'{}' has values from {:g} to {:g} and its format has no white; set preprocess.intensity to percentile",
             image.path, min, max);
}

Window percentile_window(const Image& image, const Tensor& slice, double min, double percent) {
  const double black = std::min(min, 0.0);
  const double white = percentile_of(slice, percent);
  if (white <= black)
    fail_input("percentile {:g} of '{}' is its black: the image is nearly empty; raise preprocess.percentile", percent,
               image.path);
  return {black, white};
}

Window window_of(const PreprocessConfig& config, const Image& image, const Tensor& slice) {
  const double min = slice.min().item<float>(), max = slice.max().item<float>();
  if (min == max) fail_input("'{}' has the value {:g} everywhere: there is nothing to see in it", image.path, min);
  if (config.intensity == "full_range") return full_range_window(image, min, max);
  if (config.intensity == "percentile") return percentile_window(image, slice, min, config.percentile);
  fail_usage("preprocess.intensity is '{}'; it can be full_range or percentile", config.intensity);
}

}  // namespace

void PreprocessConfig::describe(Fields& fields) {
  fields.add("size", &size, "side of the square the network sees, pixels", between(kMinSide, 2048));
  fields.add(
      "intensity", &intensity,
      "what becomes 1: full_range = the white of the file format, percentile = a percentile of the image (X-rays)",
      one_of({"full_range", "percentile"}));
  fields.add("percentile", &percentile, "for intensity: percentile, the percentile that becomes 1", between(1, 100));
}

PreparedSlice preprocess(const PreprocessConfig& config, const Image& image, int64_t slice) {
  if (slice < 0 || slice >= image.voxels.size(0))
    fail(ErrorKind::Internal, "slice {} of '{}', which has {}", slice, image.path, image.voxels.size(0));
  const Tensor native = image.voxels[slice].contiguous();  // [H,W]
  PreparedSlice prepared;
  prepared.height = native.size(0);
  prepared.width = native.size(1);
  if (std::min(prepared.height, prepared.width) < kMinSide)
    fail_input("'{}' has {} x {} pixels; at least {} x {} are needed", image.path, prepared.width, prepared.height,
               kMinSide, kMinSide);
  const Window window = window_of(config, image, native);
  prepared.black = window.black;
  prepared.white = window.white;
  const Tensor unit = ((native - window.black) / (window.white - window.black)).clamp(0, 1);  // [H,W]
  prepared.unit = resize_bilinear(pad_to_square(unit, unit.min().item<float>()), config.size);
  return prepared;
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
