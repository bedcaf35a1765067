// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/thor.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/detect/chain.h"
#include "thor/detect/median.h"

namespace thor {

Detection Thor::detect(const Context& context, const Images& images) const {
  check_images(images.pixels, "the images");
  const Diffusion& diffusion = context.diffusion;
  const Tensor x = diffusion.from_unit(images.pixels);  // [N,1,H,W] in model range
  const Tensor eps = context.noise(images, {Purpose::Start, config_.start_step});
  Tensor xt = diffusion.add_noise(x, eps, config_.start_step);

  const auto sampler = make_sampler(config_.sampler, diffusion);
  const auto timesteps = grid();
  std::vector<Tensor> maps;
  for (size_t i = 0; i < timesteps.size(); ++i) {
    const int64_t t = timesteps[i], t_next = after(timesteps, i);
    const SamplerStep step = reverse_step(context, images, *sampler, xt, t, t_next);
    xt = step.next;
    if (!keeps_map_at(t) && !harmonizes_at(t)) continue;

    const Tensor map = map_of(context, images.pixels, step.x0);
    trace(context, "map", t, map);
    if (keeps_map_at(t)) maps.push_back(map);
    if (!harmonizes_at(t)) continue;

    const Tensor region = region_mask(config_.map, map);
    const Tensor harmonized = harmonize(context, x, step.x0, region);
    trace(context, "region", t, region);
    trace(context, "harmonized", t, diffusion.to_unit(harmonized));
    xt = diffusion.add_noise(harmonized, eps, has_quirk(config_.quirks.renoise_to_t) ? t : t_next);
    sampler->restart();
  }
  const Tensor map = median_filter(harmonic_mean(maps), config_.median);
  return {map, to_clipped_unit(diffusion, xt), mean_score(map)};
}

Tensor Thor::map_of(const Context& context, const Tensor& pixels, const Tensor& x0) const {
  const Tensor estimate = to_clipped_unit(context.diffusion, x0);
  const Tensor distance = config_.perceptual == PerceptualKind::None ? Tensor() : context.perceptual(pixels, estimate);
  return anomaly_map(config_.map, pixels, estimate, distance);
}

// x_h = M x0hat + (1 - M) x
Tensor Thor::harmonize(const Context& context, const Tensor& x, const Tensor& x0, const Tensor& region) const {
  const Tensor mixed = region * x0 + (1 - region) * x;
  return has_quirk(config_.quirks.clip_harmonized_to_unit) ? mixed.clamp(0, 1) : context.diffusion.clip(mixed);
}

bool Thor::has_quirk(Quirk setting) const {
  return setting == Quirk::AsProfile ? config_.profile == Profile::Published : setting == Quirk::On;
}

bool Thor::keeps_map_at(int64_t t) const {
  if (config_.map_at.empty()) return t % config_.map_every == 0;
  return std::find(config_.map_at.begin(), config_.map_at.end(), t) != config_.map_at.end();
}

bool Thor::harmonizes_at(int64_t t) const {
  return std::find(config_.harmonize_at.begin(), config_.harmonize_at.end(), t) != config_.harmonize_at.end();
}

std::vector<int64_t> Thor::grid() const {
  std::vector<int64_t> stops;
  for (int64_t t = 0; t <= config_.start_step; ++t)
    if (keeps_map_at(t) || harmonizes_at(t)) stops.push_back(t);
  return timestep_grid(config_.start_step, config_.sampler, stops);
}

void Thor::check(const Diffusion& diffusion) const {
  check_timestep("start_step", config_.start_step, diffusion);
  check_median(config_.median);
  const auto timesteps = grid();
  if (std::none_of(timesteps.begin(), timesteps.end(), [this](int64_t t) { return keeps_map_at(t); }))
    fail_usage("detector.map_at [{}] names no timestep from 0 to start_step {}", fmt::join(config_.map_at, ", "),
               config_.start_step);
}

void ThorConfig::describe(Fields& fields) {
  fields.add("start_step", &start_step, "t0, the timestep the image is noised to", between(0, 99999));
  fields.add("harmonize_at", &harmonize_at,
             "timesteps at which the chain is led back to the image; those above t0 are idle", between(0, 99999));
  fields.add("map_every", &map_every, "maps are kept at multiples of this timestep", between(1, 99999));
  fields.add("map_at", &map_at, "timesteps at which maps are kept, instead of map_every", between(0, 99999));
  fields.add("perceptual", &perceptual, "distance that weighs the residual");
  fields.add("profile", &profile, "paper = as described; published = as the public code computes, for comparison");
  fields.group("quirks", quirks);
  fields.group("map", map);
  describe_median(fields, &median);
  fields.group("sampler", sampler);
}

void ThorQuirks::describe(Fields& fields) {
  fields.add("lpips_scaled_twice", &lpips_scaled_twice, "LPIPS input is taken to [-1,1] a second time");
  fields.add("clip_harmonized_to_unit", &clip_harmonized_to_unit,
             "the harmonized image is clipped to [0,1] whatever the model range");
  fields.add("renoise_to_t", &renoise_to_t, "the harmonized image is re-noised to t, not to the next timestep");
}

}  // namespace thor
