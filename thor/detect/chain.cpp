// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/chain.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"

namespace thor {

SamplerStep reverse_step(const Context& context, const Images& images, Sampler& sampler, const Tensor& xt, int64_t t,
                         int64_t t_next) {
  const Tensor noise = sampler.needs_noise(t, t_next) ? context.noise(images, {Purpose::Step, t}) : Tensor();
  SamplerStep step = sampler.step(context.denoise(xt, t), xt, t, t_next, noise);
  if (context.trace) context.trace("x0", t, to_clipped_unit(context.diffusion, step.x0));
  return step;
}

void trace(const Context& context, const char* name, int64_t t, const Tensor& value) {
  if (context.trace) context.trace(name, t, value);
}

Tensor to_clipped_unit(const Diffusion& diffusion, const Tensor& model_range) {
  return diffusion.to_unit(model_range).clamp(0, 1);
}

Tensor mean_score(const Tensor& map) { return map.mean({1, 2, 3}); }

void check_start_step(int64_t start_step, const Diffusion& diffusion) {
  if (start_step < 0 || start_step >= diffusion.steps())
    fail_usage("detector.start_step is {}, but the model's timesteps are 0 to {}", start_step, diffusion.steps() - 1);
}

}  // namespace thor
