// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <vector>

#include "thor/diffusion/diffusion.h"

namespace thor {

enum class SamplerKind { Ddpm, Ddim, Dpmpp2m };
inline Names names_of(SamplerKind) { return {"ddpm", "ddim", "dpmpp_2m"}; }
/// The variance of a step of DDPM: that of the posterior, or beta.
enum class Variance { FixedSmall, FixedLarge };
inline Names names_of(Variance) { return {"fixed_small", "fixed_large"}; }

/// Parameters of the reverse chain (METHODS 2); keys of the YAML section `detector.sampler`.
struct SamplerConfig {
  SamplerKind kind = SamplerKind::Ddpm;
  int64_t steps = 0;                         ///< number of timesteps between start and 0; 0 = all
  std::vector<int64_t> timesteps;            ///< explicit timesteps instead of steps; those above the start are ignored
  double eta = 0;                            ///< ddim: 0 deterministic .. 1 ancestral
  Variance variance = Variance::FixedSmall;  ///< of ddpm
  void describe(Fields& fields);
};

/// Returns decreasing timesteps from `start` to 0, evenly spaced, including all of `stops` that are not above `start`.
std::vector<int64_t> timestep_grid(int64_t start, int64_t steps, const std::vector<int64_t>& stops);
/// Returns the timesteps of the config if it lists any, else evenly spaced ones as above.
std::vector<int64_t> timestep_grid(int64_t start, const SamplerConfig& sampler, const std::vector<int64_t>& stops);

struct SamplerStep {
  Tensor next;  ///< x at t_next (x_0 for t_next = -1), model range
  Tensor x0;    ///< x0hat at t, clipped to the model range
};

/// One reverse chain. It is independent of the network and receives the network's output. A multistep sampler stores
/// its last step; `restart` discards it (after x_t was replaced).
/// One object serves one thread at a time.
class Sampler {
 public:
  virtual ~Sampler() = default;
  /// Computes x_{t_next} from x_t, t_next < t; -1 ends the chain. `noise` (unit variance, noise kind of the model) is
  /// used if the step is stochastic, and may be undefined if `needs_noise` is false.
  virtual SamplerStep step(const Tensor& output, const Tensor& xt, int64_t t, int64_t t_next, const Tensor& noise) = 0;
  virtual bool needs_noise(int64_t t, int64_t t_next) const = 0;
  virtual void restart() {}
};
std::unique_ptr<Sampler> make_sampler(const SamplerConfig& config, const Diffusion& diffusion);

}  // namespace thor
