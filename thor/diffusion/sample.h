// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>

#include "thor/diffusion/noise.h"
#include "thor/diffusion/sampler.h"

namespace thor {

/// Parameters of sampling from a diffusion model; keys of the section `sample`.
struct SampleConfig {
  int64_t start_step = -1;  ///< t at which the chain begins; -1 = the last timestep, pure noise
  SamplerConfig sampler{SamplerKind::Ddim, 50, {}};
  bool black_air = false;  ///< the written images are 0 outside the head
  void describe(Fields& fields);
};

/// The images to draw: the numbers `first` to `first + count - 1` of a seed, `size` pixels wide and high.
struct SampleBatch {
  uint64_t seed = 0, first = 0;
  int64_t count = 1, size = 128;
  Tensor start;  ///< [S,S] in [0,1], noised to the start step as x_t; undefined = pure noise
};

/// Returns the first timestep of the chain: the start step of the config, or the last one of the schedule. Throws Usage
/// if the config exceeds the schedule.
int64_t first_timestep(const SampleConfig& config, const Diffusion& diffusion);

/// Runs the reverse chain from noise to images. `denoise` is the network: x_t in model range and t -> its raw output.
/// Image i depends only on the network, the config, the seed, the start image and i. -> float32 [count,1,S,S] in [0,1]
Tensor draw_samples(const Diffusion& diffusion, const NoiseConfig& noise, const SampleConfig& config,
                    const SampleBatch& batch, const std::function<Tensor(const Tensor& xt, int64_t t)>& denoise);

}  // namespace thor
