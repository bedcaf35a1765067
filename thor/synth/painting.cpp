// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/painting.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "thor/base/error.h"
#include "thor/data/preprocess.h"
#include "thor/detect/anomaly_map.h"
#include "thor/detect/head_mask.h"
#include "thor/synth/growth.h"
#include "thor/synth/phantom_lesion.h"
#include "thor/synth/smooth_noise.h"

namespace thor {
namespace {

constexpr double kForeground = 0.1;               // of white: darker is air
constexpr double kRim = 0.075;                    // scalp and skull, of the shorter side
constexpr double kTissue = 0.35;                  // of white: a lesion begins where it is brighter than CSF and bone
constexpr double kRoughness = 0.7, kLoyalty = 8;  // of the growth: how ragged, how bound to its tissue

// A slice and where lesions may be.
struct Canvas {
  Tensor slice, brain;  // [H,W]; bool
  double white;         // what 98 % of the head are below
  double pixel;         // of the 128 grid, in pixels of this one
};

Canvas prepare_canvas(const Tensor& slice) {
  const Tensor image = slice.unsqueeze(0).unsqueeze(0), head = head_mask(image, kForeground);
  if (!head.any().item<bool>()) fail_input("there is nothing but air in it");
  const int64_t side = std::min(slice.size(0), slice.size(1));
  const int64_t kernel = 2 * std::llround(kRim * static_cast<double>(side)) + 1;
  Canvas canvas{slice, grey_erosion(head.to(at::kFloat), kernel)[0][0] > 0, 0, 0};
  canvas.white = at::quantile(slice.masked_select(head[0][0]), 0.98).item<double>();
  canvas.pixel = static_cast<double>(std::max(slice.size(0), slice.size(1))) / 128;
  return canvas;
}

// How long growth takes through each pixel, from a seed. -> [H,W]
Tensor growth_cost(const Canvas& canvas, int64_t seed, Random& random) {
  const Tensor& slice = canvas.slice;
  const double start = slice.flatten()[seed].item<double>(), side = 128 * canvas.pixel;
  const SmoothNoise slow(random, 60);
  Tensor cost = at::full_like(slice, std::numeric_limits<float>::infinity());
  const auto brain = canvas.brain.accessor<bool, 2>();
  const auto value = slice.accessor<float, 2>();
  auto out = cost.accessor<float, 2>();
  for (int64_t r = 0; r < slice.size(0); ++r)
    for (int64_t c = 0; c < slice.size(1); ++c) {
      const double noise = kRoughness * slow(2 * double(c) / side - 1, 2 * double(r) / side - 1);
      const double change = std::abs(value[r][c] - start) / canvas.white;
      if (brain[r][c]) out[r][c] = static_cast<float>(std::exp(noise) * (1 + kLoyalty * change));
    }
  return cost;
}

// One attempt: a region of about the size drawn. -> mask [H,W]
Tensor draw_region(const Canvas& canvas, const LesionSize& range, const Tensor& seeds, Random& random) {
  const double low = std::log(static_cast<double>(range.above) + 1);
  const double high = std::log(std::min(static_cast<double>(range.up_to), kLargestDrawn));
  const double pixels = std::exp(random.uniform(low, high)) * canvas.pixel * canvas.pixel;
  const auto seed = seeds[static_cast<int64_t>(random.below(seeds.numel()))].item<int64_t>();
  return grow_region(growth_cost(canvas, seed, random), {seed, std::max<int64_t>(1, std::llround(pixels))});
}

// Moves the masked tissue a share `contrast` of the way to black (below 0) or to a little above white.
Tensor blended(const Canvas& canvas, const Tensor& mask, double sigma, double contrast) {
  const Tensor share = gaussian_blur(mask.unsqueeze(0).unsqueeze(0), sigma)[0][0] * std::abs(contrast);
  const double tone = contrast < 0 ? 0 : std::min(1.0, 1.1 * canvas.white);
  return (canvas.slice + share * (tone - canvas.slice)).clamp(0, 1);
}

}  // namespace

void PaintConfig::describe(Fields& fields) {
  fields.add("groups", &groups, "sizes; every image is painted once for each");
  fields.add("dark_share", &dark_share, "share of lesions darker than the tissue; the others are brighter",
             between(0, 1));
  fields.add("contrast_min", &contrast_min, "least share of the way to black or to white", between(0, 1));
  fields.add("contrast_max", &contrast_max, "greatest", between(0, 1));
  fields.add("edge", &edge, "largest blur of the border, pixels on the 128 grid", between(0, 16));
}

void PaintConfig::check() const {
  if (groups.empty()) fail_usage("paint.groups is empty; expected some of small, medium, large");
  for (const std::string& group : groups) {
    lesion_size(group);
    if (std::count(groups.begin(), groups.end(), group) > 1) fail_usage("paint.groups names '{}' twice", group);
  }
  if (contrast_min > contrast_max)
    fail_usage("paint.contrast_min {} is above paint.contrast_max {}", contrast_min, contrast_max);
}

Painting paint_healthy(const PaintConfig& config, const Tensor& slice, const std::string& group, StreamKey key) {
  constexpr uint64_t kAttempts = 200;
  const Canvas canvas = prepare_canvas(slice);
  const LesionSize range = lesion_size(group);
  const Tensor tissue = canvas.brain.logical_and(slice > kTissue * canvas.white);
  const Tensor seeds = tissue.flatten().nonzero().flatten();
  if (seeds.numel() == 0) fail_input("no brain was found in it");
  for (key.t = 0; key.t < kAttempts; ++key.t) {
    Random random(key);
    const bool dark = random.uniform() < config.dark_share;
    const double contrast = random.uniform(config.contrast_min, config.contrast_max) * (dark ? -1 : 1);
    const double sigma = random.uniform(0, config.edge) * canvas.pixel;
    const Tensor mask = draw_region(canvas, range, seeds, random);
    const int64_t pixels = std::llround(mask_to_network_grid(mask, 128).sum().item<double>());
    if (pixels > range.above && pixels <= range.up_to)
      return {blended(canvas, mask, sigma, contrast), mask, pixels, contrast};
  }
  fail_input("no {} lesion fits into it", group);
}

}  // namespace thor
