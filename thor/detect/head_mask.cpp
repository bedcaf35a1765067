// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/head_mask.h"

#include <ATen/ATen.h>

#include "thor/detect/anomaly_map.h"
#include "thor/detect/morphology.h"

namespace thor {
namespace {

// 1 from the first 1 along an axis to its end.
Tensor from_first_on(const Tensor& mask, int64_t axis) { return std::get<0>(mask.cummax(axis)); }

// 1 from the first to the last 1 along an axis.
Tensor between_first_and_last(const Tensor& mask, int64_t axis) {
  return from_first_on(mask, axis) * from_first_on(mask.flip(axis), axis).flip(axis);
}

}  // namespace

Tensor head_mask(const Tensor& images, double fraction) {
  check_images(images, "images to find the head in");
  const Tensor bright = at::quantile(images.flatten(1), 0.98, 1).view({-1, 1, 1, 1});
  const Tensor foreground = (images > fraction * bright).to(at::kFloat);
  const Tensor closed = grey_closing(foreground, MapConfig().kernel_for(images.size(2), images.size(3)));
  return between_first_and_last(closed, 2) * between_first_and_last(closed, 3) > 0;
}

}  // namespace thor
