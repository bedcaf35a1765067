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

int64_t Ddpm::network_calls() const {
  return static_cast<int64_t>(timestep_grid(config_.start_step, config_.sampler.steps, {}).size());
}

void Ddpm::check(const Diffusion& diffusion) const { check_start_step(config_.start_step, diffusion); }

Detection Ddpm::detect(const Context& context, const Images& images) const {
  check_images(images.pixels, "the images");
  const Diffusion& diffusion = context.diffusion;
  const int64_t t0 = config_.start_step;
  const Tensor eps = context.noise(images, {Purpose::Start, t0});
  Tensor xt = diffusion.add_noise(diffusion.from_unit(images.pixels), eps, t0);

  const auto sampler = make_sampler(config_.sampler, diffusion);
  const auto grid = timestep_grid(t0, config_.sampler.steps, {});
  for (size_t i = 0; i < grid.size(); ++i)
    xt = reverse_step(context, images, *sampler, xt, grid[i], after(grid, i)).next;

  const Tensor xrec = to_clipped_unit(diffusion, xt);
  const Tensor residual = (images.pixels - xrec).abs();
  const Tensor map = config_.power == 1 ? residual : residual.pow(config_.power);
  trace(context, "map", 0, map);
  return {map, xrec, mean_score(map)};
}

}  // namespace thor
