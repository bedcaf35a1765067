// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/normative.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/detect/anomaly_map.h"
#include "thor/detect/chain.h"

namespace thor {

void NormativeConfig::describe(Fields& fields) {
  fields.add("sigma", &sigma, "blur of the map, pixels", between(0, 64));
  fields.add("floor", &floor, "added to the deviation of the training slices, white = 1", between(0.001, 1));
}

Detection Normative::detect(const Context& context, const Images& images) const {
  check_images(images.pixels, "the images");
  if (!context.usual)
    fail_usage(
        "the detector normative needs the usual training slices, which the model does not have; 'thor pack' with "
        "`match_to` adds them");
  const UsualSlices usual = context.usual(images);
  const Tensor map =
      gaussian_blur((images.pixels - usual.median).abs() / (usual.deviation + config_.floor), config_.sigma);
  trace(context, "map", 0, map);
  return {map, usual.median.clone(), mean_score(map)};
}

}  // namespace thor
