// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/chain.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"

namespace thor {

SamplerStep reverse_step(const Context& context, const Images& images, Sampler& sampler, const Tensor& xt, int64_t t,
                         int64_t t_next) {
  const Tensor noise = sampler.needs_noise(t, t_next) ? context.noise(images, {Purpose::Step, t}) : Tensor();
  SamplerStep step = sampler.step(context.denoise(images, xt, t), xt, t, t_next, noise);
  if (context.trace) context.trace("x0", t, to_clipped_unit(context.diffusion, step.x0));
  return step;
}

Tensor reconstruct(const Context& context, const Images& images, int64_t t0, const SamplerConfig& config) {
  const Diffusion& diffusion = context.diffusion;
  const Tensor eps = context.noise(images, {Purpose::Start, t0});
  Tensor xt = diffusion.add_noise(diffusion.from_unit(images.pixels), eps, t0);
  const auto sampler = make_sampler(config, diffusion);
  const auto grid = timestep_grid(t0, config, {});
  for (size_t i = 0; i < grid.size(); ++i)
    xt = reverse_step(context, images, *sampler, xt, grid[i], after(grid, i)).next;
  return xt;
}

void trace(const Context& context, const char* name, int64_t t, const Tensor& value) {
  if (context.trace) context.trace(name, t, value);
}

Tensor to_clipped_unit(const Diffusion& diffusion, const Tensor& model_range) {
  return diffusion.to_unit(model_range).clamp(0, 1);
}

Tensor mean_score(const Tensor& map) { return map.mean({1, 2, 3}); }

void check_timestep(const char* knob, int64_t t, const Diffusion& diffusion) {
  if (t < 0 || t >= diffusion.steps())
    fail_usage("detector.{} is {}, but the model's timesteps are 0 to {}", knob, t, diffusion.steps() - 1);
}

}  // namespace thor
