// SPDX-License-Identifier: Apache-2.0
#include "thor/image/overlay.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"

namespace thor {
namespace {

/// Black, violet, red, orange, pale yellow: lightness rises steadily, so the order of values survives print and
/// colour blindness.
constexpr float kColours[][3] = {
    {0.00f, 0.00f, 0.04f}, {0.32f, 0.05f, 0.46f}, {0.76f, 0.16f, 0.34f}, {0.98f, 0.56f, 0.10f}, {1.00f, 0.98f, 0.66f}};
constexpr int kSteps = 4;

float colour_at(float value, int channel) {
  const float place = value * kSteps;
  const int step = std::min(static_cast<int>(place), kSteps - 1);
  const float fraction = place - static_cast<float>(step);
  return kColours[step][channel] * (1 - fraction) + kColours[step + 1][channel] * fraction;
}

Tensor checked(const Tensor& picture, const char* what) {  // [H,W] -> the same in [0,1]
  if (picture.dim() != 2) fail(ErrorKind::Internal, "{} is [H,W], not {}", what, shape_text(picture.sizes()));
  return at::nan_to_num(picture.to(at::kCPU, at::kFloat)).clamp(0, 1).contiguous();
}

}  // namespace

Tensor heat(const Tensor& map) {
  const Tensor values = checked(map, "a map");
  const int64_t pixels = values.numel();
  Tensor colours = at::empty({3, map.size(0), map.size(1)}, at::kFloat);  // [3,H,W]
  const float* in = values.data_ptr<float>();
  float* out = colours.data_ptr<float>();
  for (int channel = 0; channel < 3; ++channel)
    for (int64_t i = 0; i < pixels; ++i) out[channel * pixels + i] = colour_at(in[i], channel);
  return colours;
}

Tensor overlay(const Tensor& image, const Tensor& map) {
  const Tensor gray = checked(image, "an image"), values = checked(map, "a map");
  if (gray.sizes() != values.sizes())
    fail(ErrorKind::Internal, "a map of {} does not lie on an image of {}", shape_text(map.sizes()),
         shape_text(image.sizes()));
  const Tensor opacity = values.unsqueeze(0);  // [1,H,W]
  return gray.unsqueeze(0) * (1 - opacity) + heat(map) * opacity;
}

}  // namespace thor
