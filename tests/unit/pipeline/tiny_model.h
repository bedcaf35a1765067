// SPDX-License-Identifier: Apache-2.0
// A network small enough to run a whole chain in a test, with weights that do something.
#pragma once
#include <ATen/ATen.h>

#include "thor/nn/unet_architecture.h"
#include "thor/pipeline/pipeline.h"

namespace thor::test {

inline Model tiny_model(Intensity intensity = Intensity::FullRange) {
  Model model;
  UNetConfig network;
  network.channels = {8, 8};
  network.attention = {false, true};
  network.head_channels = 8;
  network.norm_groups = 4;
  model.config.model = UNet(network);
  model.config.preprocess.size = 16;
  model.config.preprocess.intensity = intensity;
  model.networks = model.config.model->initial(1);
  Tensor& last = model.weights().at("out.2.conv.weight");  // zero as initialized
  last = 0.3 * draw_noise({}, StreamKey{5, 0, 0, Purpose::Init, 0}, last.size(0) * last.size(1), 3, 3).view_as(last);
  model.hash = "0123";
  return model;
}

/// Three steps of everything a detector may use: noise, network, perceptual distance.
class ThreeStepDetector : public Detector {
 public:
  explicit ThreeStepDetector(PerceptualKind perceptual = PerceptualKind::Unet) : perceptual_(perceptual) {}
  void describe(Fields&) override {}
  PerceptualKind perceptual() const override { return perceptual_; }
  int64_t network_calls(int64_t) const override { return 3; }
  void check(const Diffusion&) const override {}
  Detection detect(const Context& context, const Images& images) const override {
    const Diffusion& d = context.diffusion;
    const Tensor x = d.from_unit(images.pixels);
    Tensor x0 = x;
    for (const int64_t t : {300, 200, 100}) {
      const Tensor xt = d.add_noise(x0, context.noise(images, {Purpose::Step, t}), t);
      x0 = d.x0_from_output(context.denoise(images, xt, t), xt, t);
    }
    const Tensor healthy = d.to_unit(x0);
    const Tensor map = (healthy - images.pixels).abs() * context.perceptual(images.pixels, healthy);
    return {map, healthy, map.mean({1, 2, 3})};
  }

 private:
  PerceptualKind perceptual_;
};

inline RunConfig on_cpu(uint64_t seed = 0, int64_t batch = 8) {
  RunConfig run;
  run.seed = seed;
  run.batch = batch;
  run.device = "cpu";
  return run;
}

inline Pipeline tiny_pipeline(const RunConfig& run = on_cpu(), PerceptualKind perceptual = PerceptualKind::Unet) {
  return Pipeline(tiny_model(), std::make_unique<ThreeStepDetector>(perceptual), run);
}

/// `count` different pictures, [count,1,16,16] in [0,1].
inline Images pictures(int64_t count) {
  Images images;
  for (int64_t i = 0; i < count; ++i) images.keys.push_back({static_cast<uint64_t>(100 + i), 0});
  const Tensor ramp = at::arange(count * 256, at::kFloat).view({count, 1, 16, 16});
  images.pixels = 0.5 + 0.5 * at::sin(ramp * ramp * 0.001);
  return images;
}

}  // namespace thor::test
