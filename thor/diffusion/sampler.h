// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <vector>

#include "thor/diffusion/diffusion.h"

namespace thor {

/// How the reverse chain walks (METHODS 2); keys of the YAML section `detector.sampler`.
struct SamplerConfig {
  std::string kind = "ddpm";             ///< ddpm | ddim | dpmpp_2m
  int64_t steps = 0;                     ///< timesteps of the grid between start and 0; 0 = every one
  std::vector<int64_t> timesteps;        ///< the grid itself, instead of steps; those above the start are idle
  double eta = 0;                        ///< ddim: 0 deterministic .. 1 ancestral
  std::string variance = "fixed_small";  ///< ddpm: fixed_small | fixed_large
  void describe(Fields& fields);
};

/// Decreasing timesteps from `start` to 0, evenly spread, that contain every one of `stops` not above `start`.
std::vector<int64_t> timestep_grid(int64_t start, int64_t steps, const std::vector<int64_t>& stops);
/// The same with the timesteps that the sampler names, where it names any.
std::vector<int64_t> timestep_grid(int64_t start, const SamplerConfig& sampler, const std::vector<int64_t>& stops);

struct SamplerStep {
  Tensor next;  ///< x at t_next (x_0 for t_next = -1), model range
  Tensor x0;    ///< x0hat at t, clipped to the model range
};

/// One reverse chain. Knows no network: it is given the network's output. A multistep sampler remembers its last step;
/// `restart` forgets it (after the chain was re-noised by hand).
/// One object serves one thread at a time.
class Sampler {
 public:
  virtual ~Sampler() = default;
  /// From x_t to x_{t_next}, t_next < t, -1 = done. `noise` (unit, the model's own kind) is used where the step is
  /// stochastic; may be undefined where `needs_noise` says no.
  virtual SamplerStep step(const Tensor& output, const Tensor& xt, int64_t t, int64_t t_next, const Tensor& noise) = 0;
  virtual bool needs_noise(int64_t t, int64_t t_next) const = 0;
  virtual void restart() {}
};
std::unique_ptr<Sampler> make_sampler(const SamplerConfig& config, const Diffusion& diffusion);

}  // namespace thor
