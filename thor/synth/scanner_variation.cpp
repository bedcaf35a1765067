// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/scanner_variation.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/synth/scanner_change.h"

namespace thor {
namespace {

// Uniform in the logarithm between 1 / `most` and `most`.
double factor_up_to(Random& random, double most) { return std::exp(random.uniform(-1, 1) * std::log(most)); }

// The outermost `width` pixels of the head times `factor`, less and less inwards. [H,W] -> [H,W]
Tensor with_rim(const Tensor& image, const Tensor& inside, double factor, int64_t width) {
  const Tensor head = inside.to(at::kFloat).unsqueeze(0).unsqueeze(0);
  // Half of the window lies inside at the head's edge, all of it `width` pixels further in.
  const Tensor covered = at::avg_pool2d(head, {2 * width + 1}, {1}, {width})[0][0];
  const Tensor rim = (2 * (1 - covered)).clamp(0, 1) * inside;
  return (image * (1 + rim * (factor - 1))).clamp(0, 1);
}

}  // namespace

void ScannerVariation::describe(Fields& fields) {
  fields.add("share", &share, "share of the training images that look as from another scanner", between(0, 1));
  fields.add("rim", &rim, "brightest factor on the scalp; its inverse is the darkest", between(1, 10));
  fields.add("bias_field", &bias_field, "largest deviation of the bias field's logarithm", between(0, 2));
  fields.add("contrast", &contrast, "largest exponent of the intensities; its inverse is the smallest", between(1, 5));
  fields.add("resolution", &resolution, "most pixels that become one", between(1, 16));
  fields.add("noise", &noise, "largest deviation of the noise, white = 1", between(0, 1));
}

Tensor vary_scanner(const ScannerVariation& variation, const Tensor& image, const Tensor& inside, StreamKey key) {
  Random random(key);
  // All numbers are drawn in any case, so that one setting never changes what another one draws.
  const bool changed = random.uniform() < variation.share, rim = random.uniform() < 0.5;
  const double factor = factor_up_to(random, variation.rim);
  const double pixel = static_cast<double>(std::min(image.size(0), image.size(1))) / 128;
  const auto width = static_cast<int64_t>(std::lround(random.uniform(4, 12) * pixel));
  const ScannerChange changes[] = {
      {ChangeKind::BiasField, random.uniform(0, variation.bias_field)},
      {ChangeKind::Contrast, factor_up_to(random, variation.contrast)},
      {ChangeKind::Resolution, random.uniform(1, variation.resolution)},
      {ChangeKind::Noise, random.uniform(0, variation.noise)},
  };
  if (!changed) return image;

  Tensor result = rim ? with_rim(image, inside, factor, std::max<int64_t>(1, width)) : image;
  for (const ScannerChange& change : changes) {
    key.repeat += 2;  // noise takes two streams
    if (random.uniform() < 0.5) result = change_scanner(change, {result, {}}, key).image;
  }
  return result;
}

}  // namespace thor
