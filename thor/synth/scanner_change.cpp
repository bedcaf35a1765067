// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/scanner_change.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"
#include "thor/synth/smooth_noise.h"

namespace thor {
namespace {

constexpr int kBiasCells = 3;  // across three image widths: a field as smooth as a coil's

/// [H,W] of a smooth field, deviation about 1.
Tensor smooth_field(int64_t height, int64_t width, const StreamKey& key) {
  Random random(key);
  const SmoothNoise noise(random, 3 * kBiasCells);
  const Tensor field = at::empty({height, width}, at::kFloat);
  auto value = field.accessor<float, 2>();
  for (int64_t i = 0; i < height; ++i)
    for (int64_t j = 0; j < width; ++j)
      value[i][j] = static_cast<float>(noise(-0.5 + (j + 0.5) / width, -0.5 + (i + 0.5) / height));
  return field;
}

Tensor normal_numbers(const Tensor& like, const StreamKey& key) {
  const Tensor numbers = at::empty(like.sizes(), at::kFloat);
  Random(key).fill_normal(numbers.data_ptr<float>(), static_cast<size_t>(numbers.numel()));
  return numbers;
}

Tensor rician(const Tensor& image, double sigma, StreamKey key) {
  const Tensor real = image + normal_numbers(image, key) * sigma;
  ++key.repeat;
  const Tensor imaginary = normal_numbers(image, key) * sigma;
  return (real.square() + imaginary.square()).sqrt();
}

Tensor coarser(const Tensor& image, double factor) {
  const auto smaller = [&](int64_t side) {
    return std::max<int64_t>(1, std::llround(static_cast<double>(side) / factor));
  };
  const Tensor coarse =
      at::adaptive_avg_pool2d(image.unsqueeze(0).unsqueeze(0), {smaller(image.size(0)), smaller(image.size(1))});
  return at::upsample_bilinear2d(coarse, image.sizes(), /*align_corners=*/false)[0][0];
}

/// By a fraction of a pixel too: bilinear, zeros coming in. Both axes of the grid run from -1 to 1 over pixel edges.
Tensor shifted(const Tensor& image, double down, double right) {
  const double height = static_cast<double>(image.size(0)), width = static_cast<double>(image.size(1));
  const Tensor pose = at::tensor({1.0, 0.0, -2 * right / width, 0.0, 1.0, -2 * down / height}).to(at::kFloat);
  const Tensor grid = at::affine_grid_generator(pose.view({1, 2, 3}), {1, 1, image.size(0), image.size(1)}, false);
  return at::grid_sampler_2d(image.unsqueeze(0).unsqueeze(0), grid, /*bilinear*/ 0, /*zeros*/ 0, false)[0][0];
}

SliceAndMask shift(const SliceAndMask& slice, double pixels, const StreamKey& key) {
  const double direction = Random(key).uniform(0, 2 * M_PI);
  const double down = pixels * std::sin(direction), right = pixels * std::cos(direction);
  SliceAndMask moved{shifted(slice.image, down, right), {}};
  if (slice.mask.defined()) moved.mask = shifted(slice.mask, down, right).gt(0.5).to(at::kFloat);
  return moved;
}

}  // namespace

void ScannerChange::describe(Fields& fields) {
  fields.add("kind", &kind, "what changes");
  fields.add("strength", &strength,
             "bias_field: deviation of its logarithm; noise: deviation, white = 1; contrast: exponent; resolution: "
             "pixels that become one; shift: pixels",
             between(0, 64));
}

void ScannerChange::check() const {
  if (kind == ChangeKind::Contrast && strength <= 0)
    fail_usage("change.strength is {}, expected an exponent above 0", strength);
  if (kind == ChangeKind::Resolution && strength < 1)
    fail_usage("change.strength is {}, expected 1 or more pixels that become one", strength);
}

SliceAndMask change_scanner(const ScannerChange& change, const SliceAndMask& slice, const StreamKey& key) {
  const Tensor& image = slice.image;
  const double s = change.strength;
  SliceAndMask changed = slice;
  switch (change.kind) {
    case ChangeKind::BiasField:
      changed.image = image * (smooth_field(image.size(0), image.size(1), key) * s).exp();
      break;
    case ChangeKind::Noise:
      changed.image = rician(image, s, key);
      break;
    case ChangeKind::Contrast:
      changed.image = image.pow(s);
      break;
    case ChangeKind::Resolution:
      changed.image = coarser(image, s);
      break;
    case ChangeKind::Shift:
      changed = shift(slice, s, key);
      break;
  }
  changed.image = changed.image.clamp(0, 1);
  return changed;
}

}  // namespace thor
