// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/pddpm.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/detect/chain.h"
#include "thor/detect/median.h"
#include "thor/detect/patch_grid.h"

namespace thor {

void PddpmConfig::describe(Fields& fields) {
  fields.add("patch", &patch, "side of the patches that are noised one by one, pixels", between(1, 65536));
  fields.add("test_step", &test_step, "timestep a patch is noised to", between(0, 99999));
  describe_median(fields, &median);
}

int64_t Pddpm::network_calls(int64_t size) const {
  return static_cast<int64_t>(patch_grid(size, size, config_.patch).size());
}

void Pddpm::check(const Diffusion& diffusion) const {
  check_timestep("test_step", config_.test_step, diffusion);
  check_median(config_.median);
}

Detection Pddpm::detect(const Context& context, const Images& images) const {
  check_images(images.pixels, "the images");
  const Diffusion& diffusion = context.diffusion;
  const int64_t t = config_.test_step;
  const Tensor x = diffusion.from_unit(images.pixels);  // [N,1,H,W] in model range
  const Tensor noised = diffusion.add_noise(x, context.noise(images, {Purpose::Start, t}), t);

  Tensor sum = at::zeros_like(x), times = at::zeros_like(x);
  for (const Patch& patch : patch_grid(x.size(2), x.size(3), config_.patch)) {
    const Tensor xt = x.clone();
    patch.of(xt).copy_(patch.of(noised));
    const Tensor x0 = diffusion.x0_from_output(context.denoise(images, xt, t), xt, t);
    patch.of(sum).add_(patch.of(x0));
    patch.of(times).add_(1);
  }
  const Tensor xrec = to_clipped_unit(diffusion, sum / times);
  trace(context, "x0", t, xrec);
  const Tensor map = median_filter((images.pixels - xrec).abs(), config_.median);
  trace(context, "map", 0, map);
  return {map, xrec, mean_score(map)};
}

}  // namespace thor
