// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/threshold.h"

#include <ATen/ATen.h>

#include "thor/detect/chain.h"
#include "thor/detect/head_mask.h"

namespace thor {

void ThresholdConfig::describe(Fields& fields) {
  fields.add("tail", &tail, "which intensities are suspicious");
  fields.add("foreground", &foreground, "share of the image's 98th percentile above which a pixel is not air",
             between(0, 1));
}

Detection Threshold::detect(const Context& context, const Images& images) const {
  check_images(images.pixels, "the images");
  const Tensor inside = head_mask(images.pixels, config_.foreground);
  std::vector<Tensor> maps;
  for (int64_t i = 0; i < images.pixels.size(0); ++i) maps.push_back(map_of(images.pixels[i], inside[i]));
  const Tensor map = at::stack(maps);
  trace(context, "map", 0, map);
  return {map, images.pixels.clone(), mean_score(map)};
}

// [1,H,W], the image in [0,1] and where its head is -> the image's map.
Tensor Threshold::map_of(const Tensor& image, const Tensor& inside) const {
  const Tensor values = image.masked_select(inside);
  if (values.numel() == 0) return at::zeros_like(image);
  const Tensor v = image / (image + values.median()).clamp_min(1e-6);
  const Tensor map = config_.tail == Tail::Bright ? v : config_.tail == Tail::Dark ? 1 - v : (2 * v - 1).abs();
  return map * inside;
}

}  // namespace thor
