// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/anomaly_map.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"
#include "thor/detect/border.h"

namespace thor {
namespace {

std::vector<double> gaussian_weights(double sigma, int64_t radius) {
  std::vector<double> weights;
  double sum = 0;
  for (int64_t i = -radius; i <= radius; ++i) {
    weights.push_back(std::exp(-0.5 * static_cast<double>(i * i) / (sigma * sigma)));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

// A sum of shifted images and not a convolution, whose rounding may depend on the batch (or be TF32).
Tensor blur_along(const Tensor& images, int64_t axis, const std::vector<double>& weights) {
  const int64_t radius = static_cast<int64_t>(weights.size()) / 2, size = images.size(axis);
  const Tensor padded = mirrored_border(images, axis, radius);
  Tensor sum = at::zeros_like(images);
  for (int64_t k = 0; k <= 2 * radius; ++k) sum.add_(padded.narrow(axis, k, size), weights[k]);
  return sum;
}

Tensor divided_by_maximum(const Tensor& map) { return map / (map.amax({1, 2, 3}, /*keepdim=*/true) + 1e-8); }

}  // namespace

void MapConfig::describe(Fields& fields) {
  fields.add("sigma", &sigma, "blur of the perceptual distance, pixels", between(0, 64));
  fields.add("normalize", &normalize, "max = every map reaches 1 (published); none = maps of images stay comparable");
  fields.add("kernel", &kernel, "grey morphology of the region mask, pixels; 0 = 13 at 128 px, scaled with the size",
             between(0, 255));
}

int64_t MapConfig::kernel_for(int64_t height, int64_t width) const {
  if (kernel > 0) return kernel;
  const double scaled = 13.0 * static_cast<double>(std::min(height, width)) / 128.0;
  return std::max<int64_t>(1, 2 * std::llround((scaled - 1) / 2) + 1);
}

Tensor gaussian_blur(const Tensor& images, double sigma) {
  check_images(images, "images to blur");
  const int64_t radius = static_cast<int64_t>(4 * sigma + 0.5);
  if (radius == 0) return images;
  const auto weights = gaussian_weights(sigma, radius);
  return blur_along(blur_along(images, 2, weights), 3, weights);
}

Tensor saliency(const Tensor& perceptual_distance, double sigma) {
  return gaussian_blur(perceptual_distance, sigma).clamp(0, 1);
}

Tensor anomaly_map(const MapConfig& config, const Tensor& x, const Tensor& x0, const Tensor& perceptual_distance) {
  check_images(x, "the image");
  check_images(x0, "the estimate of the healthy image");
  Tensor map = (x0 - x).abs();
  if (perceptual_distance.defined()) map = map * saliency(perceptual_distance, config.sigma);
  return config.normalize == Normalize::Max ? divided_by_maximum(map) : map;
}

Tensor region_mask(const MapConfig& config, const Tensor& map) {
  const Tensor m = config.normalize == Normalize::Max ? map : divided_by_maximum(map);
  const int64_t k = config.kernel_for(m.size(2), m.size(3));
  return ((grey_dilation(grey_closing(m, k), k) + m) / 2).clamp(0, 1);
}

Tensor harmonic_mean(const std::vector<Tensor>& maps) {
  if (maps.empty()) fail(ErrorKind::Internal, "the harmonic mean of no maps was asked for");
  // Where a map is 0 its reciprocal is infinite and the mean 0, as it should be.
  Tensor sum = at::zeros_like(maps.front());
  for (const Tensor& map : maps) sum.add_(map.reciprocal());
  return static_cast<double>(maps.size()) * sum.reciprocal();
}

}  // namespace thor
