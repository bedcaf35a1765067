// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/morphology.h"

#include <ATen/ATen.h>

#include <limits>

#include "thor/base/error.h"

namespace thor {
namespace {

// Maximum over a window that reaches `before` pixels up and left and `after` down and right, one axis after the other.
// Padding with the lowest value equals repeating the border pixel, which is in the window already.
Tensor window_maximum(const Tensor& images, int64_t before, int64_t after) {
  check_images(images, "images for grey morphology");
  const int64_t size = before + after + 1;
  const Tensor padded =
      at::constant_pad_nd(images, {before, after, before, after}, -std::numeric_limits<float>::infinity());
  return at::max_pool2d(at::max_pool2d(padded, {size, 1}, {1, 1}), {1, size}, {1, 1});
}

void check_kernel(int64_t kernel) {
  if (kernel < 1) fail(ErrorKind::Internal, "morphology kernel is {}, expected 1 or more", kernel);
}

}  // namespace

Tensor grey_dilation(const Tensor& images, int64_t kernel) {
  check_kernel(kernel);
  return window_maximum(images, (kernel - 1) / 2, kernel / 2);
}

Tensor grey_erosion(const Tensor& images, int64_t kernel) {
  check_kernel(kernel);
  return -window_maximum(-images, kernel / 2, (kernel - 1) / 2);
}

Tensor grey_closing(const Tensor& images, int64_t kernel) {
  return grey_erosion(grey_dilation(images, kernel), kernel);
}

}  // namespace thor
