// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/median.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/detect/border.h"

namespace thor {

Tensor median_filter(const Tensor& images, int64_t size) {
  check_images(images, "images for a median filter");
  if (size < 1 || size % 2 == 0) fail(ErrorKind::Internal, "the median's window is {}, expected an odd number", size);
  if (size == 1) return images;
  const Tensor padded = mirrored_border(mirrored_border(images, 2, size / 2), 3, size / 2);
  const Tensor windows = padded.unfold(2, size, 1).unfold(3, size, 1).flatten(4);  // [N,1,H,W,size*size]
  return std::get<0>(windows.median(-1));
}

}  // namespace thor
