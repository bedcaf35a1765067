// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/sample.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"

namespace thor {
namespace {

// Noise for every image of the batch, in the shape [C,h,w] of the network's space: [N,C,h,w]
Tensor sample_noise(const NoiseConfig& noise, const std::array<int64_t, 3>& shape, const SampleBatch& batch,
                    Purpose purpose, int64_t t) {
  std::vector<StreamKey> keys;
  for (uint64_t i = 0; i < static_cast<uint64_t>(batch.count); ++i)
    keys.push_back({batch.seed, batch.first + i, 0, purpose, static_cast<uint64_t>(t)});
  return draw_noise(noise, keys, shape[0], shape[1], shape[2]);
}

}  // namespace

void SampleConfig::describe(Fields& fields) {
  fields.add("start_step", &start_step, "timestep at which the walk begins; -1 = the last one, pure noise",
             between(-1, 99999));
  fields.group("sampler", sampler);
  fields.add("black_air", &black_air, "written images are 0 outside the head, as skull-on scans are");
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
  const auto noise_of = [&](Purpose purpose, int64_t t) {
    return sample_noise(noise, diffusion.noise_shape(batch.size, batch.size), batch, purpose, t);
  };
  Tensor xt = noise_of(Purpose::Sample, start);  // [N,C,h,w]
  if (batch.start.defined()) {
    const Tensor x0 = diffusion.from_unit(batch.start.unsqueeze(0).unsqueeze(0));
    xt = diffusion.add_noise(x0.expand_as(xt), xt, start);
  }
  const auto sampler = make_sampler(config.sampler, diffusion);
  const auto grid = timestep_grid(start, config.sampler, {});
  for (size_t i = 0; i < grid.size(); ++i) {
    const int64_t t = grid[i], t_next = i + 1 < grid.size() ? grid[i + 1] : -1;
    const Tensor eps = sampler->needs_noise(t, t_next) ? noise_of(Purpose::Step, t) : Tensor();
    xt = sampler->step(denoise(xt, t), xt, t, t_next, eps).next;
  }
  return diffusion.to_unit(xt).clamp(0, 1);
}

}  // namespace thor
