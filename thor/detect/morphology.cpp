// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/morphology.h"

#include <ATen/ATen.h>

#include <limits>

#include "thor/base/error.h"
#include "thor/detect/window_maximum.h"

namespace thor {
namespace {

// Padding with the lowest value equals repeating the border pixel, which is in the window already.
Tensor pooled_maximum(const Tensor& images, WindowReach reach) {
  const int64_t size = reach.before + reach.after + 1;
  const Tensor padded = at::constant_pad_nd(images, {reach.before, reach.after, reach.before, reach.after},
                                            -std::numeric_limits<float>::infinity());
  return at::max_pool2d(at::max_pool2d(padded, {size, 1}, {1, 1}), {1, size}, {1, 1});
}

Tensor extremum(const Tensor& images, WindowReach reach, float sign) {
  check_images(images, "images for grey morphology");
  if (images.is_cpu()) return window_extremum(images, reach, sign);
  return sign * pooled_maximum(sign * images, reach);
}

void check_kernel(int64_t kernel) {
  if (kernel < 1) fail(ErrorKind::Internal, "morphology kernel is {}, expected 1 or more", kernel);
}

}  // namespace

Tensor grey_dilation(const Tensor& images, int64_t kernel) {
  check_kernel(kernel);
  return extremum(images, {(kernel - 1) / 2, kernel / 2}, 1);
}

Tensor grey_erosion(const Tensor& images, int64_t kernel) {
  check_kernel(kernel);
  return extremum(images, {kernel / 2, (kernel - 1) / 2}, -1);
}

Tensor grey_closing(const Tensor& images, int64_t kernel) {
  return grey_erosion(grey_dilation(images, kernel), kernel);
}

}  // namespace thor
