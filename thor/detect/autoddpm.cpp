// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/autoddpm.h"

#include <ATen/ATen.h>

#include <cmath>

#include "thor/detect/anomaly_map.h"
#include "thor/detect/chain.h"

namespace thor {

Detection AutoDdpm::detect(const Context& context, const Images& images) const {
  check_images(images.pixels, "the images");
  const Diffusion& diffusion = context.diffusion;
  const Tensor xrec = reconstruct(context, images, config_.start_step, config_.sampler);
  const Tensor m = suspicion(context, images.pixels, to_clipped_unit(diffusion, xrec));
  const Tensor masked = grey_dilation((m > config_.threshold).to(at::kFloat), config_.dilation);
  trace(context, "region", config_.resample_step, masked);
  const Tensor healed = to_clipped_unit(diffusion, stitch(context, images, xrec, masked > 0));
  // Outside the mask the stitched image is the input; the way through the model's range would leave rounding in the
  // map.
  const Tensor z = at::where(masked > 0, healed, images.pixels);
  const Tensor map = (images.pixels - z).abs() * m;
  trace(context, "map", 0, map);
  return {map, z, mean_score(map)};
}

// m = s clip(r / P(r), 0, 1), r = |x - xrec|, P the percentile of the image's own residual.
Tensor AutoDdpm::suspicion(const Context& context, const Tensor& pixels, const Tensor& xrec) const {
  const Tensor residual = (pixels - xrec).abs();
  const Tensor typical = at::quantile(residual.flatten(1), config_.percentile / 100, 1).view({-1, 1, 1, 1});
  const Tensor relative = (residual / typical.clamp_min(1e-8)).clamp(0, 1);
  if (config_.perceptual == PerceptualKind::None) return relative;
  return relative * saliency(context.perceptual(pixels, xrec), config_.sigma);
}

// RePaint (Lugmayr et al., CVPR 2022) from resample_step down: the chain inside the mask, the noised image outside.
// Stepping back up between repeats lets the two sides of the seam agree. -> model range
Tensor AutoDdpm::stitch(const Context& context, const Images& images, const Tensor& xrec, const Tensor& masked) const {
  const Diffusion& diffusion = context.diffusion;
  const Tensor x = diffusion.from_unit(images.pixels);
  SamplerConfig ancestral;
  ancestral.variance = config_.sampler.variance;
  const auto sampler = make_sampler(ancestral, diffusion);

  // Repeat 0 at this timestep is the first reconstruction's.
  const Tensor eps = context.noise(images, {Purpose::Start, config_.resample_step, 1});
  Tensor z = diffusion.add_noise(xrec, eps, config_.resample_step);
  const auto grid = resample_grid();
  for (size_t i = 0; i < grid.size(); ++i) {
    const int64_t t = grid[i], t_next = after(grid, i);
    for (int64_t repeat = 1; repeat <= config_.resample_repeats; ++repeat) {
      const Tensor noise = t > 0 ? context.noise(images, {Purpose::Step, t, repeat}) : Tensor();
      const Tensor unknown = sampler->step(context.denoise(images, z, t), z, t, t_next, noise).next;
      const Tensor known =
          t > 0 ? diffusion.add_noise(x, context.noise(images, {Purpose::Known, t_next, repeat}), t_next) : x;
      z = at::where(masked, unknown, known);
      if (repeat == config_.resample_repeats) break;
      const double beta =
          t_next == t - 1 ? diffusion.beta(t) : 1 - diffusion.alpha_bar(t) / diffusion.alpha_bar(t_next);
      z = z * std::sqrt(1 - beta) + context.noise(images, {Purpose::Renoise, t, repeat}) * std::sqrt(beta);
    }
    trace(context, "stitched", t, to_clipped_unit(diffusion, z));
  }
  return z;
}

// From resample_step to 0, evenly, both included.
std::vector<int64_t> AutoDdpm::resample_grid() const {
  std::vector<int64_t> grid;
  for (int64_t t = config_.resample_step; t > 0; t -= config_.resample_every) grid.push_back(t);
  grid.push_back(0);
  return grid;
}

int64_t AutoDdpm::network_calls(int64_t) const {
  const auto chain = timestep_grid(config_.start_step, config_.sampler, {});
  return static_cast<int64_t>(chain.size()) + config_.resample_repeats * static_cast<int64_t>(resample_grid().size());
}

void AutoDdpm::check(const Diffusion& diffusion) const {
  check_timestep("start_step", config_.start_step, diffusion);
  check_timestep("resample_step", config_.resample_step, diffusion);
}

void AutoDdpmConfig::describe(Fields& fields) {
  fields.add("start_step", &start_step, "t0, the timestep the image is noised to first", between(0, 99999));
  fields.add("resample_step", &resample_step, "timestep from which the masked part is drawn anew", between(0, 99999));
  fields.add("resample_every", &resample_every, "from one timestep of the re-sampling to the next", between(1, 99999));
  fields.add("resample_repeats", &resample_repeats, "times each timestep is walked while re-sampling",
             between(1, 1000));
  fields.add("threshold", &threshold, "suspicion above which a pixel is masked and drawn anew", between(0, 1));
  fields.add("dilation", &dilation, "flat dilation of the mask, pixels; 1 = none", between(1, 255));
  fields.add("percentile", &percentile, "of the image's residual, that counts as 1", between(0, 100));
  fields.add("perceptual", &perceptual, "distance that weighs the residual");
  fields.add("map.sigma", &sigma, "blur of the perceptual distance, pixels", between(0, 64));
  fields.group("sampler", sampler);
}

}  // namespace thor
