// SPDX-License-Identifier: Apache-2.0
// Wang, Bovik, Sheikh, Simoncelli: Image Quality Assessment: From Error Visibility to Structural Similarity, 2004, with
// the choices of scikit-image: uniform 7x7 window, sample covariance, K1 = 0.01, K2 = 0.03.
#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/nn/perceptual.h"

namespace thor {
namespace {

constexpr int64_t kWindow = 7, kBorder = kWindow / 2;

// b a | a b c d | d c along one dimension
Tensor mirror(const Tensor& x, int64_t dim) {
  const int64_t size = x.size(dim);
  return at::cat({x.narrow(dim, 0, kBorder).flip(dim), x, x.narrow(dim, size - kBorder, kBorder).flip(dim)}, dim);
}

// Mean over each window inside: [N,1,H,W] -> [N,1,H-6,W-6]
Tensor window_mean(const Tensor& x) { return at::avg_pool2d(x, {kWindow, kWindow}, {1, 1}); }

// In double precision, because variances are differences of nearly equal numbers: [N,1,H,W] -> [N,1,H-6,W-6]
Tensor ssim_inside(const Tensor& x, const Tensor& y) {
  constexpr double kC1 = 0.01 * 0.01, kC2 = 0.03 * 0.03;
  constexpr double kSample = double(kWindow * kWindow) / (kWindow * kWindow - 1);
  const Tensor ux = window_mean(x), uy = window_mean(y);
  const Tensor vx = (window_mean(x * x) - ux * ux) * kSample;
  const Tensor vy = (window_mean(y * y) - uy * uy) * kSample;
  const Tensor vxy = (window_mean(x * y) - ux * uy) * kSample;
  return (2 * ux * uy + kC1) * (2 * vxy + kC2) / ((ux * ux + uy * uy + kC1) * (vx + vy + kC2));
}

void check_ssim_pair(const Tensor& x, const Tensor& y) {
  check_images(x, "SSIM input");
  check_images(y, "SSIM input");
  if (x.sizes() != y.sizes())
    fail(ErrorKind::Internal, "SSIM of {} and {}", shape_text(x.sizes()), shape_text(y.sizes()));
  if (x.size(2) < kWindow || x.size(3) < kWindow)
    fail_input("SSIM needs images of at least 7 x 7 pixels, not {} x {}", x.size(2), x.size(3));
}

}  // namespace

Tensor ssim_distance(const Tensor& x, const Tensor& y) {
  check_ssim_pair(x, y);
  const auto padded = [](const Tensor& t) { return mirror(mirror(t.to(at::kDouble), 2), 3); };
  return (1 - ssim_inside(padded(x), padded(y))).clamp_min(0).to(at::kFloat);
}

Tensor ssim(const Tensor& x, const Tensor& y) {
  check_ssim_pair(x, y);
  return ssim_inside(x.to(at::kDouble), y.to(at::kDouble)).mean({1, 2, 3});
}

}  // namespace thor
