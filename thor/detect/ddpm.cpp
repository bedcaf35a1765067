// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/ddpm.h"

#include <ATen/ATen.h>

#include "thor/detect/chain.h"

namespace thor {

void DdpmConfig::describe(Fields& fields) {
  fields.add("start_step", &start_step, "t0, the timestep the image is noised to", between(0, 99999));
  fields.add("map.power", &power, "map = |x - xrec|^power; 1 = residual, 2 = squared error", between(0.1, 8));
  fields.group("sampler", sampler);
}

int64_t Ddpm::network_calls(int64_t) const {
  return static_cast<int64_t>(timestep_grid(config_.start_step, config_.sampler, {}).size());
}

void Ddpm::check(const Diffusion& diffusion) const { check_timestep("start_step", config_.start_step, diffusion); }

Detection Ddpm::detect(const Context& context, const Images& images) const {
  check_images(images.pixels, "the images");
  const Tensor x0 = reconstruct(context, images, config_.start_step, config_.sampler);
  const Tensor xrec = to_clipped_unit(context.diffusion, x0);
  const Tensor residual = (images.pixels - xrec).abs();
  const Tensor map = config_.power == 1 ? residual : residual.pow(config_.power);
  trace(context, "map", 0, map);
  return {map, xrec, mean_score(map)};
}

}  // namespace thor
