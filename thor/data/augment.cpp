// SPDX-License-Identifier: Apache-2.0
#include "thor/data/augment.h"

#include <ATen/ATen.h>

#include <cmath>

#include "thor/base/error.h"

namespace thor {
namespace {

/// One draw, in pixels and radians.
struct Pose {
  double angle, shift_x, shift_y, scale;
  bool flip;
};

/// Always five numbers in this order, so that one field's value never changes what another one draws.
Pose draw(const AugmentConfig& config, double height, double width, const StreamKey& key) {
  Random random(key);
  Pose pose{};
  pose.angle = random.uniform(-1, 1) * config.rotation_degrees * M_PI / 180;
  pose.shift_x = random.uniform(-1, 1) * config.translation * width;
  pose.shift_y = random.uniform(-1, 1) * config.translation * height;
  pose.scale = random.uniform(config.scale_min, config.scale_max);
  pose.flip = random.uniform() < config.flip_probability;
  return pose;
}

/// The map from places in the result to places in the source, in [-1,1] over the pixels' outer edges. -> [1,2,3]
Tensor source_from_result(const Pose& pose, double height, double width) {
  const double c = std::cos(pose.angle) / pose.scale, s = std::sin(pose.angle) / pose.scale;
  const double mirror = pose.flip ? -1 : 1;
  const double a[2][2] = {{mirror * c, mirror * s}, {-s, c}};
  const double half[2] = {width / 2, height / 2};
  Tensor theta = at::empty({1, 2, 3}, at::kFloat);
  auto out = theta.accessor<float, 3>();
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) out[0][i][j] = static_cast<float>(a[i][j] * half[j] / half[i]);
    out[0][i][2] = static_cast<float>(-(a[i][0] * pose.shift_x + a[i][1] * pose.shift_y) / half[i]);
  }
  return theta;
}

}  // namespace

void AugmentConfig::describe(Fields& fields) {
  fields.add("enabled", &enabled, "Train on randomly moved copies of the slices");
  fields.add("rotation_degrees", &rotation_degrees, "Largest rotation either way, degrees", between(0, 180));
  fields.add("translation", &translation, "Largest shift either way, as a share of the side", between(0, 1));
  fields.add("scale_min", &scale_min, "Smallest scale", between(0.1, 10));
  fields.add("scale_max", &scale_max, "Largest scale", between(0.1, 10));
  fields.add("flip_probability", &flip_probability, "How often left and right are exchanged", between(0, 1));
}

Tensor augment(const AugmentConfig& config, const Tensor& slice, const StreamKey& key) {
  if (slice.dim() != 2 || slice.scalar_type() != at::kFloat || slice.numel() == 0)
    fail(ErrorKind::Internal, "augment needs a float32 slice [H,W], got {}", shape_text(slice.sizes()));
  if (config.scale_min > config.scale_max)
    fail_usage("augment.scale_min {} is above augment.scale_max {}", config.scale_min, config.scale_max);
  if (!config.enabled) return slice.clone();
  const int64_t height = slice.size(0), width = slice.size(1);
  const double h = static_cast<double>(height), w = static_cast<double>(width);
  const Tensor theta = source_from_result(draw(config, h, w, key), h, w);
  const Tensor grid = at::affine_grid_generator(theta, {1, 1, height, width}, /*align_corners=*/false);
  // Zero padding of the slice above its minimum: what comes in from outside is background.
  const Tensor background = slice.min();
  const Tensor source = (slice - background).view({1, 1, height, width});
  const Tensor moved = at::grid_sampler(source, grid, /*bilinear*/ 0, /*zeros*/ 0, /*align_corners=*/false);
  return moved.view({height, width}) + background;
}

}  // namespace thor
