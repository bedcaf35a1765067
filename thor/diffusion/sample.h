// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>

#include "thor/diffusion/noise.h"
#include "thor/diffusion/sampler.h"

namespace thor {

/// How images are drawn from a diffusion model; keys of the section `sample`.
struct SampleConfig {
  int64_t start_step = -1;  ///< t at which the walk begins; -1 = the last one, pure noise
  SamplerConfig sampler{"ddim", 50, {}};
  void describe(Fields& fields);
};

/// Which images: the numbers `first` .. `first + count - 1` of a seed, `size` pixels wide and high.
struct SampleBatch {
  uint64_t seed = 0, first = 0;
  int64_t count = 1, size = 128;
  Tensor start;  ///< [S,S] in [0,1]: noised to the start step, where the walk begins; undefined = noise alone
};

/// Where the walk begins: the config's start step, or the schedule's last. Throws Usage for one beyond it.
int64_t first_timestep(const SampleConfig& config, const Diffusion& diffusion);

/// Walks from noise to images. `denoise` is the network: x_t in model range and t -> its raw output. Image i depends on
/// the network, the config, the seed, the start image and i alone. -> float32 [count,1,S,S] in [0,1]
Tensor draw_samples(const Diffusion& diffusion, const NoiseConfig& noise, const SampleConfig& config,
                    const SampleBatch& batch, const std::function<Tensor(const Tensor& xt, int64_t t)>& denoise);

}  // namespace thor
