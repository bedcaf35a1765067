// SPDX-License-Identifier: Apache-2.0
#include "thor/image/outline.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/image/register/foreground.h"

namespace thor {

Tensor outlined(const Tensor& image, const Tensor& reference) {
  if (image.dim() != 2 || image.sizes() != reference.sizes())
    fail(ErrorKind::Internal, "a reference of {} does not lie on an image of {}", shape_text(reference.sizes()),
         shape_text(image.sizes()));
  const Tensor outside =
      (reference <= otsu_threshold(reference)).to(at::kFloat).view({1, 1, image.size(0), image.size(1)});
  const Tensor beside_outside = at::max_pool2d(outside, 3, 1, 1);
  const Tensor edge = (beside_outside - outside).squeeze(0).squeeze(0);  // [H,W], 1 on the innermost pixels
  const Tensor gray = image.to(at::kFloat).clamp(0, 1) * (1 - edge);
  const Tensor green = at::tensor({0.2f, 0.9f, 0.3f}).view({3, 1, 1});
  return gray.unsqueeze(0) + edge.unsqueeze(0) * green;
}

}  // namespace thor
