// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/sample.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"

namespace thor {
namespace {

Tensor sample_noise(const NoiseConfig& noise, const SampleBatch& batch, Purpose purpose, int64_t t) {
  std::vector<StreamKey> keys;
  for (uint64_t i = 0; i < static_cast<uint64_t>(batch.count); ++i)
    keys.push_back({batch.seed, batch.first + i, 0, purpose, static_cast<uint64_t>(t)});
  return draw_noise(noise, keys, 1, batch.size, batch.size);
}

}  // namespace

void SampleConfig::describe(Fields& fields) {
  fields.add("start_step", &start_step, "timestep at which the walk begins; -1 = the last one, pure noise",
             between(-1, 99999));
  fields.group("sampler", sampler);
}

int64_t first_timestep(const SampleConfig& config, const Diffusion& diffusion) {
  if (config.start_step >= diffusion.steps())
    fail_usage("sample.start_step is {}, but the model's timesteps are 0 to {}", config.start_step,
               diffusion.steps() - 1);
  return config.start_step < 0 ? diffusion.steps() - 1 : config.start_step;
}

Tensor draw_samples(const Diffusion& diffusion, const NoiseConfig& noise, const SampleConfig& config,
                    const SampleBatch& batch, const std::function<Tensor(const Tensor& xt, int64_t t)>& denoise) {
  const int64_t start = first_timestep(config, diffusion);
  Tensor xt = sample_noise(noise, batch, Purpose::Sample, start);  // [N,1,S,S]
  if (batch.start.defined()) xt = diffusion.add_noise(diffusion.from_unit(batch.start).expand_as(xt), xt, start);
  const auto sampler = make_sampler(config.sampler, diffusion);
  const auto grid = timestep_grid(start, config.sampler, {});
  for (size_t i = 0; i < grid.size(); ++i) {
    const int64_t t = grid[i], t_next = i + 1 < grid.size() ? grid[i + 1] : -1;
    const Tensor eps = sampler->needs_noise(t, t_next) ? sample_noise(noise, batch, Purpose::Step, t) : Tensor();
    xt = sampler->step(denoise(xt, t), xt, t, t_next, eps).next;
  }
  return diffusion.to_unit(xt).clamp(0, 1);
}

}  // namespace thor
