// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/xray_phantom.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"
#include "thor/synth/shading.h"
#include "thor/synth/xray_anomaly.h"

namespace thor {
namespace {

/// The picture of a wrist before the detector: what is left of the beam, as film shows it (dense is bright).
struct Exposure {
  int64_t height, width;
  double pixel() const { return 2 / static_cast<double>(height); }
  /// The centre of a pixel, moved by shares of one.
  Point place(int64_t row, int64_t column, double dx, double dy) const {
    return {(static_cast<double>(column) + 0.5 + dx - static_cast<double>(width) / 2) * pixel(),
            (static_cast<double>(row) + 0.5 + dy) * pixel() - 1};
  }

  Tensor draw(const WristAnatomy& wrist, const std::vector<XrayFinding>& findings) const {  // -> [height,width]
    std::vector<BrokenBone> broken;
    for (const auto& finding : findings) broken.insert(broken.end(), finding.broken.begin(), finding.broken.end());
    Tensor image = at::empty({height, width});
    auto out = image.accessor<float, 2>();
    for (int64_t row = 0; row < height; ++row)
      for (int64_t column = 0; column < width; ++column) {
        double sum = 0;
        // Four places a pixel: walls of bones are thinner than a pixel.
        for (const double dx : {-0.25, 0.25})
          for (const double dy : {-0.25, 0.25}) {
            const Point at = place(row, column, dx, dy), inside = wrist.subject_place(at);
            double lost = wrist.attenuation(at, broken);
            for (const auto& finding : findings)
              for (const Rod& rod : finding.rods) lost += rod.attenuation(inside, pixel() / 2);
            sum += 1 - std::exp(-lost);
          }
        out[row][column] = static_cast<float>(sum / 4);
      }
    return image;
  }

  /// What the machine adds: scatter, uneven illumination, the shutter's edge, exposure and noise.
  Tensor record(const Tensor& film, Random& random) const {
    const SmoothNoise uneven(random, 3);
    const double scatter = random.uniform(0.05, 0.12), noise = random.uniform(0.006, 0.012);
    const double exposure = random.uniform(0.5, 0.95), turn = random.uniform(-0.05, 0.05);
    const double half_x = static_cast<double>(width) / static_cast<double>(height) - random.uniform(0.01, 0.06);
    const double half_y = 1 - random.uniform(0.01, 0.05), c = std::cos(turn), s = std::sin(turn);
    Tensor image = film.clone();
    auto out = image.accessor<float, 2>();
    for (int64_t row = 0; row < height; ++row)
      for (int64_t column = 0; column < width; ++column) {
        const Point at = place(row, column, 0, 0);
        const double beyond = std::max(std::abs(c * at.x + s * at.y) - half_x, std::abs(c * at.y - s * at.x) - half_y);
        double value = (scatter + (1 - scatter) * out[row][column]) * (1 + 0.06 * uneven(at.x, at.y));
        value = (value + noise * random.normal()) * mix(0.02, 1, cover(beyond, std::max(0.02, pixel())));
        out[row][column] = static_cast<float>(std::clamp(exposure * value, 0.0, 1.0));
      }
    return image;
  }
};

/// The pixels that `changed` shows to differ, as a box.
Box bounding_box(const Tensor& changed, const std::string& label) {
  const Tensor places = changed.nonzero();  // [K,2]
  const Tensor low = std::get<0>(places.min(0)), high = std::get<0>(places.max(0));
  const auto edge = [](const Tensor& corner, int64_t axis) {
    return static_cast<double>(corner[axis].item<int64_t>());
  };
  return {edge(low, 1), edge(low, 0), edge(high, 1) + 1, edge(high, 0) + 1, label};
}

/// Adds findings one after another; each is what it changes. False where one of them hardly shows.
bool add_findings(const Exposure& exposure, const WristAnatomy& wrist, const std::vector<XrayFinding>& findings,
                  const std::string& label, Phantom& phantom) {
  constexpr double kVisible = 0.05;
  constexpr int64_t kMinPixels = 4;
  std::vector<XrayFinding> drawn;
  for (const XrayFinding& finding : findings) {
    drawn.push_back(finding);
    const Tensor after = exposure.draw(wrist, drawn);
    const Tensor changed = (after - phantom.image).abs().gt(kVisible);
    if (changed.sum().item<int64_t>() < kMinPixels) return false;
    phantom.boxes.push_back(bounding_box(changed, label));
    phantom.mask.logical_or_(changed);
    phantom.image = after;
  }
  return true;
}

}  // namespace

Phantom make_xray_phantom(int64_t size, int64_t seed, int64_t index, const std::string& label) {
  if (size < kMinPhantomSize || size > kMaxPhantomSize)
    fail_usage("phantoms can have {} to {} pixels a side, not {}", kMinPhantomSize, kMaxPhantomSize, size);
  // Streams of one subject: 3 anatomy, 4 machine, 5 findings; a head has 0 to 2.
  const auto key = [&](uint64_t stream, uint64_t attempt) {
    return StreamKey{static_cast<uint64_t>(seed), static_cast<uint64_t>(index), stream, Purpose::Phantom, attempt};
  };
  Random anatomy(key(3, 0)), machine(key(4, 0));
  const Exposure exposure{size, size * 3 / 4};
  const WristAnatomy wrist(anatomy);
  const Tensor healthy = exposure.draw(wrist, {});
  Phantom phantom{healthy, at::zeros(healthy.sizes()), {}};
  constexpr uint64_t kAttempts = 50;
  bool complete = label.empty();
  for (uint64_t attempt = 0; attempt < kAttempts && !complete; ++attempt) {
    Random random(key(5, attempt));
    phantom = {healthy, at::zeros(healthy.sizes(), at::kBool), {}};
    complete = add_findings(exposure, wrist, draw_xray_findings(random, wrist, label), label, phantom);
  }
  if (!complete) fail(ErrorKind::Internal, "no {} shows in radiograph {} of seed {}", label, index, seed);
  phantom.mask = phantom.mask.to(at::kFloat);
  phantom.image = exposure.record(phantom.image, machine);
  return phantom;
}

}  // namespace thor
