// SPDX-License-Identifier: Apache-2.0
// A world that costs nothing for detectors to be tried in: an analytic denoiser, keyed noise, a simple distance.
#pragma once
#include <ATen/ATen.h>

#include <map>
#include <string>
#include <utility>

#include "tests/device.h"
#include "thor/detect/detector.h"
#include "thor/diffusion/noise.h"

namespace thor::test {

/// Local mean over 3x3, border repeated.
inline at::Tensor smooth(const at::Tensor& images) {
  return at::avg_pool2d(at::replication_pad2d(images, {1, 1, 1, 1}), {3, 3}, {1, 1});
}

struct SmallWorld {
  explicit SmallWorld(NoiseKind noise_kind = NoiseKind::Gaussian, uint64_t the_seed = 1) : seed(the_seed) {
    noise.kind = noise_kind;
  }

  /// Its healthy images are smooth ones: x0hat is the local mean of x_t.
  at::Tensor predict_eps(const at::Tensor& xt, int64_t t) const {
    const double abar = diffusion.alpha_bar(t);
    const auto x0 = smooth(xt / std::sqrt(abar)).clamp(-1, 1);
    return (xt - x0 * std::sqrt(abar)) / std::sqrt(1 - abar);
  }

  Context context() {
    return {
        diffusion,
        [this](const Images&, const at::Tensor& xt, int64_t t) {
          ++calls;
          return predict_eps(xt, t);
        },
        [this](const Images& images, const NoiseDraw& draw) {
          std::vector<StreamKey> keys;
          for (const auto& key : images.keys)
            keys.push_back({seed, key.case_id, key.slice, draw.purpose, static_cast<uint64_t>(draw.t),
                            static_cast<uint64_t>(draw.repeat), key.chain});
          return draw_noise(noise, keys, 1, images.pixels.size(2), images.pixels.size(3)).to(images.pixels.device());
        },
        [](const at::Tensor& a, const at::Tensor& b) { return smooth((a - b).abs()); },
        {},
        0,
        {},
        [](const Images& images) {
          return UsualSlices{at::full_like(images.pixels, 0.5), at::full_like(images.pixels, 0.1),
                             at::ones_like(images.pixels, at::kBool)};
        }};
  }

  Diffusion diffusion{DiffusionConfig()};
  NoiseConfig noise;
  uint64_t seed;
  int64_t calls = 0;
};

/// `count` images with keys of their own.
inline Images some_images(int64_t count) {
  at::manual_seed(5);
  Images images{on_device(smooth(at::rand({count, 1, 16, 16}))), {}};
  for (int64_t i = 0; i < count; ++i)
    images.keys.push_back({static_cast<uint64_t>(100 + i), static_cast<uint64_t>(i % 3)});
  return images;
}

/// Those of `images` that `order` names.
inline Images chosen(const Images& images, const std::vector<int64_t>& order) {
  Images result{images.pixels.index_select(0, on_device(at::tensor(order, at::kLong))), {}};
  for (int64_t i : order) result.keys.push_back(images.keys[static_cast<size_t>(i)]);
  return result;
}

/// What a detector tells while it examines two images, the last of each name and timestep: "x040", "map0".
using Trace = std::map<std::string, at::Tensor>;
inline Trace traced(const Detector& detector, Context context) {
  Trace told;
  context.trace = [&](const char* name, int64_t t, const at::Tensor& value) { told[name + std::to_string(t)] = value; };
  detector.detect(context, some_images(2));
  return told;
}

}  // namespace thor::test
