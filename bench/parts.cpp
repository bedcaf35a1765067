// SPDX-License-Identifier: Apache-2.0
// What surrounds the network, at 128 x 128, each against a plain way of computing the same.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "bench/cases.h"
#include "bench/measure.h"
#include "thor/detect/anomaly_map.h"
#include "thor/detect/border.h"
#include "thor/detect/median.h"
#include "thor/diffusion/noise.h"
#include "thor/diffusion/simplex.h"
#include "thor/nn/perceptual.h"
#include "thor/pipeline/pipeline.h"

namespace thor::bench {
namespace {

constexpr int64_t kSide = 128;

Tensor random_image() { return at::rand({1, 1, kSide, kSide}); }

/// Every window of size x size around a pixel, the border mirrored: [1,1,H,W,size*size]
Tensor windows(const Tensor& image, int64_t size) {
  const Tensor padded = mirrored_border(mirrored_border(image, 2, size / 2), 3, size / 2);
  return padded.unfold(2, size, 1).unfold(3, size, 1).flatten(4);
}

Checked checked_against(const std::function<Tensor()>& run, const Tensor& expected, double tolerance) {
  Checked checked;
  checked.error = agreement(run(), expected, tolerance);
  checked.run = [run] { run(); };
  return checked;
}

/// A mirrored border holds no value that its window does not, so for a maximum it is as good as any.
Checked region() {
  const Tensor map = random_image();
  MapConfig config;
  const int64_t k = config.kernel_for(kSide, kSide);
  const Tensor closed = windows(windows(map, k).amax(-1), k).amin(-1);
  const Tensor expected = ((windows(closed, k).amax(-1) + map) / 2).clamp(0, 1);
  return checked_against([=] { return region_mask(config, map); }, expected, 1e-5);
}

Checked median() {
  const Tensor image = random_image();
  const Tensor expected = std::get<0>(windows(image, 5).median(-1));
  return checked_against([=] { return median_filter(image, 5); }, expected, 0);
}

Checked blur() {
  const Tensor image = random_image();
  const Tensor line = (-at::arange(-8, 9).to(at::kDouble).square() / 8).exp();
  const Tensor plane = (line.unsqueeze(0) * line.unsqueeze(1)).flatten();
  const Tensor expected = (windows(image.to(at::kDouble), 17) * (plane / plane.sum())).sum(-1);
  return checked_against([=] { return gaussian_blur(image, 2); }, expected, 1e-4);
}

Checked mean_of_maps() {
  std::vector<Tensor> maps;
  for (int i = 0; i < 8; ++i) maps.push_back(random_image());
  const Tensor expected = 8 / at::stack(maps).to(at::kDouble).reciprocal().sum(0);
  return checked_against([=] { return harmonic_mean(maps); }, expected, 1e-4);
}

Checked gaussian_noise() {
  const NoiseConfig config;
  const auto run = [=] { return draw_noise(config, StreamKey{1, 2, 3, Purpose::Step, 4}, 1, kSide, kSide); };
  Checked checked;
  checked.error = accepted((run().std() - 1).abs().item<double>(), 0.05);
  checked.run = [run] { run(); };
  return checked;
}

/// On one core: the sum of octaves, taken point by point from the noise function.
Checked simplex_field() {
  NoiseConfig config;
  config.kind = NoiseKind::Simplex;
  const OpenSimplex noise(7);
  const auto field = [=] { return simplex_octaves(noise, kSide, kSide, 200, 6, 0.8, 64); };
  const Tensor expected = at::zeros({kSide, kSide}, at::kDouble);
  auto value = expected.accessor<double, 2>();
  for (int64_t y = 0; y < kSide; ++y)
    for (int64_t x = 0; x < kSide; ++x) {
      double amplitude = 1, frequency = 64;
      for (int octave = 0; octave < 6; ++octave, amplitude *= 0.8, frequency /= 2)
        value[y][x] += amplitude * noise.noise3(static_cast<double>(x) / frequency, static_cast<double>(y) / frequency,
                                                200 / frequency);
    }
  Checked checked;
  checked.error = agreement(field(), expected, 1e-6);
  checked.run = [=] {
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    draw_noise(config, StreamKey{1, 2, 3, Purpose::Step, 200}, 1, kSide, kSide);
    at::set_num_threads(threads);
  };
  return checked;
}

/// An image is at distance 0 from itself, and the distance has no direction.
Checked lpips_pair() {
  const auto lpips = std::make_shared<Lpips>(load_lpips(lpips_weights("")));
  const Tensor x = random_image(), y = random_image();
  const auto run = [=] {
    const at::NoGradGuard no_grad;
    return lpips->spatial(x, y);
  };
  const double self = lpips->spatial(x, x).abs().max().item<double>();
  Checked checked;
  checked.error = accepted(self, 1e-5) + agreement(lpips->spatial(y, x), run(), 1e-3);
  checked.run = [run] { run(); };
  return checked;
}

}  // namespace

void part_cases() {
  measure("part/simplex-field", simplex_field);
  measure("part/gaussian-field", gaussian_noise);
  measure("part/lpips-pair", lpips_pair);
  measure("part/region-mask", region);
  measure("part/median-5x5", median);
  measure("part/blur", blur);
  measure("part/harmonic-mean", mean_of_maps);
}

}  // namespace thor::bench
