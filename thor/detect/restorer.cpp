// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/restorer.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/detect/anomaly_map.h"
#include "thor/detect/chain.h"
#include "thor/detect/median.h"

namespace thor {

void RestorerConfig::describe(Fields& fields) {
  fields.add("passes", &passes, "how often the restored image is restored again; 1 = once in all", between(1, 100));
  fields.add("mirror", &mirror, "average with the restoration of the mirrored image: twice the network calls");
  fields.add("perceptual", &perceptual, "what weighs the residual");
  fields.add("map.sigma", &sigma, "blur of the perceptual distance, pixels", between(0, 64));
  describe_median(fields, &median);
}

int64_t Restorer::network_calls(int64_t) const { return config_.passes * (config_.mirror ? 2 : 1); }

void Restorer::check(const Diffusion&) const { check_median(config_.median); }

// x and its restoration in model range.
Tensor Restorer::restore(const Context& context, const Images& images, const Tensor& x) const {
  constexpr int64_t kStep = 0;  // the timestep the network is trained with
  const auto once = [&](const Tensor& image) {
    return context.diffusion.x0_from_output(context.denoise(images, image, kStep), image, kStep);
  };
  return config_.mirror ? (once(x) + once(x.flip(3)).flip(3)) / 2 : once(x);
}

Detection Restorer::detect(const Context& context, const Images& images) const {
  check_images(images.pixels, "the images");
  const Diffusion& diffusion = context.diffusion;
  Tensor x0 = diffusion.from_unit(images.pixels);
  for (int64_t i = 0; i < config_.passes; ++i) x0 = restore(context, images, x0);
  const Tensor xrec = to_clipped_unit(diffusion, x0);
  trace(context, "x0", 0, xrec);

  const Tensor distance =
      config_.perceptual == PerceptualKind::None ? Tensor() : context.perceptual(images.pixels, xrec);
  MapConfig map_config;
  map_config.sigma = config_.sigma;
  map_config.normalize = Normalize::None;
  const Tensor map = median_filter(anomaly_map(map_config, images.pixels, xrec, distance), config_.median);
  trace(context, "map", 0, map);
  return {map, xrec, mean_score(map)};
}

}  // namespace thor
