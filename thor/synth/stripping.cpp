// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/stripping.h"

#include <ATen/ATen.h>

#include <cmath>

namespace thor {
namespace {

constexpr double kLeastBrain = 0.01;  // of the slice; below that little would be left

/// Grown (reach > 0) or shrunk by so many pixels. float32 [H,W] -> [H,W]
Tensor grown(const Tensor& mask, int64_t reach) {
  const auto largest = [](const Tensor& of, int64_t r) {
    return at::max_pool2d(of.unsqueeze(0).unsqueeze(0), {2 * r + 1}, {1}, {r})[0][0];
  };
  if (reach == 0) return mask;
  return reach > 0 ? largest(mask, reach) : 1 - largest(1 - mask, -reach);
}

/// 1 on one side of a line through the middle part of the slice. -> [H,W]
Tensor half_plane(Random& random, const Tensor& like) {
  const double height = static_cast<double>(like.size(0)), width = static_cast<double>(like.size(1));
  const double angle = random.uniform(0, 2 * M_PI), shift = random.uniform(-0.25, 0.25);
  const Tensor y = (at::arange(like.size(0), like.options()) / height - 0.5).unsqueeze(1);
  const Tensor x = (at::arange(like.size(1), like.options()) / width - 0.5).unsqueeze(0);
  return (std::cos(angle) * x + std::sin(angle) * y).gt(shift).to(like.scalar_type());
}

}  // namespace

Tensor strip_skull(double share, const Tensor& slice, const Tensor& brain, const StreamKey& key) {
  Random random(key);
  // All numbers are drawn in any case, so that the share never changes the others.
  const bool strips = random.uniform() < share, partly = random.uniform() < 1.0 / 3;
  const double pixel = static_cast<double>(std::min(slice.size(0), slice.size(1))) / 112;
  const auto reach = static_cast<int64_t>(std::lround(random.uniform(-1, 3) * pixel));
  const Tensor side = half_plane(random, slice);
  if (!strips || brain.sum().item<double>() < kLeastBrain * static_cast<double>(brain.numel())) return slice;
  const Tensor kept = grown(brain.to(slice.scalar_type()), reach);
  return slice * (partly ? at::maximum(kept, side) : kept);
}

}  // namespace thor
