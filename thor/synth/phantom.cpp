// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/phantom.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"
#include "thor/base/random.h"
#include "thor/data/preprocess.h"
#include "thor/synth/phantom_anatomy.h"
#include "thor/synth/phantom_lesion.h"

namespace thor {
namespace {

/// A drawn subject: per pixel what it is, and its intensity.
struct Head {
  std::vector<HeadSample> samples;
  std::vector<float> image;
};

Head draw_head(int64_t size, Random& random) {
  const HeadAnatomy anatomy(random);
  const double pixel = 2 / static_cast<double>(size);
  Head head;
  for (int64_t i = 0; i < size * size; ++i) {
    const double x = (static_cast<double>(i % size) + 0.5) * pixel - 1;
    const double y = (static_cast<double>(i / size) + 0.5) * pixel - 1;
    // Four places a pixel: sulci are thinner than a pixel.
    double sum = 0;
    for (const double dx : {-0.25, 0.25})
      for (const double dy : {-0.25, 0.25}) sum += anatomy.at(x + dx * pixel, y + dy * pixel, pixel).intensity;
    head.samples.push_back(anatomy.at(x, y, pixel));
    head.image.push_back(static_cast<float>(sum / 4));
  }
  return head;
}

/// What the scanner adds: a smooth bias field and Rician noise.
void scan(std::vector<float>& image, int64_t size, Random& random) {
  const SmoothNoise bias(random, 3);
  const double strength = random.uniform(0.02, 0.06), noise = random.uniform(0.008, 0.018);
  for (int64_t i = 0; i < size * size; ++i) {
    const double x = 2 * (static_cast<double>(i % size) + 0.5) / static_cast<double>(size) - 1;
    const double y = 2 * (static_cast<double>(i / size) + 0.5) / static_cast<double>(size) - 1;
    float& value = image[static_cast<size_t>(i)];
    const double real = value * (1 + strength * bias(x, y)) + noise * random.normal();
    value = static_cast<float>(std::clamp(std::hypot(real, noise * random.normal()), 0.0, 1.0));
  }
}

Tensor as_tensor(std::vector<float>& values, int64_t size) {
  return at::from_blob(values.data(), {size, size}, at::kFloat).clone();
}

/// Paints a lesion whose mask has a pixel count within the range on the 128 grid. -> mask
std::vector<float> fitting_lesion(int64_t size, StreamKey key, const std::string& group, Head& head) {
  constexpr uint64_t kAttempts = 200;
  const LesionSize range = lesion_size(group);
  for (uint64_t attempt = 0; attempt < kAttempts; ++attempt) {
    key.t = attempt;
    Random random(key);
    std::vector<float> image = head.image;
    std::vector<float> mask = paint_lesion(random, size, range, head.samples, image);
    const auto pixels = mask_to_network_grid(as_tensor(mask, size), 128).sum().item<double>();
    if (pixels <= static_cast<double>(range.above) || pixels > static_cast<double>(range.up_to)) continue;
    head.image = std::move(image);
    return mask;
  }
  fail(ErrorKind::Internal, "no {} lesion fits into phantom {} of seed {}", group, key.case_id, key.seed);
}

}  // namespace

Phantom make_phantom(int64_t size, int64_t seed, int64_t index, const std::string& lesion) {
  if (size < kMinPhantomSize || size > kMaxPhantomSize)
    fail_usage("phantoms can have {} to {} pixels a side, not {}", kMinPhantomSize, kMaxPhantomSize, size);
  // Streams of one subject: 0 anatomy, 1 scanner, 2 lesion. A lesion leaves the rest of the picture as it was.
  const auto key = [&](uint64_t stream) {
    return StreamKey{static_cast<uint64_t>(seed), static_cast<uint64_t>(index), stream, Purpose::Phantom, 0};
  };
  Random anatomy(key(0)), scanner(key(1));
  Head head = draw_head(size, anatomy);
  std::vector<float> mask(head.image.size(), 0);
  if (!lesion.empty()) mask = fitting_lesion(size, key(2), lesion, head);
  scan(head.image, size, scanner);
  return {as_tensor(head.image, size), as_tensor(mask, size), {}};
}

}  // namespace thor
