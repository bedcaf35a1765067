// SPDX-License-Identifier: Apache-2.0
// What a GPU would refuse, or would have to wait for, found where there is none.
#include "tests/hidden_device.h"

#include <nlohmann/json.hpp>

#include "tests/contract/small_world.h"
#include "thor/nn/layers.h"
#include "thor/nn/unet.h"

namespace thor::test {
namespace {

Images hidden(const Images& images) { return {test::hidden(images.pixels), images.keys}; }

StateDict hidden(const StateDict& weights) {
  StateDict result;
  for (const auto& [name, tensor] : weights) result[name] = test::hidden(tensor);
  return result;
}

std::unique_ptr<Detector> quick(const DetectorRow& row) {
  auto detector = row.make(NoiseKind::Gaussian);
  Fields fields(*detector);
  for (const auto& [knob, value] : std::map<std::string, std::string>{
           {"start_step", "60"}, {"map_every", "20"}, {"resample_step", "20"}, {"patch", "6"}})
    if (fields.has(knob)) fields.set(knob, value);
  return detector;
}

UNetConfig small_unet() {
  UNetConfig config;
  config.channels = {32, 64};
  config.attention = {false, true};
  config.head_channels = 32;
  return config;
}

}  // namespace

TEST(HiddenDevice, RefusesWhatAGpuRefuses) {
  const at::NoGradGuard no_grad;
  const HiddenDevice device;
  const at::Tensor x = at::arange(6, at::kFloat).view({2, 3}), there = hidden(x);
  EXPECT_EQ(max_abs_diff(revealed(there * 2 + 1), x * 2 + 1), 0);
  EXPECT_ANY_THROW(there + x) << "two devices";
  EXPECT_ANY_THROW(there.data_ptr<float>()) << "a pointer";
  EXPECT_EQ(HiddenDevice::reads(), 0);
  EXPECT_EQ(there.sum().item<float>(), 15);
  EXPECT_EQ(HiddenDevice::reads(), 1);
}

TEST(HiddenDevice, EveryDetectorComputesWhereItsImagesLieAndReadsNothingBack) {
  const at::NoGradGuard no_grad;
  const HiddenDevice device;
  Images images = some_images(2);
  images.pixels = images.pixels.cpu();
  for (const DetectorRow& row : detectors()) {
    SCOPED_TRACE(row.name);
    const auto detector = quick(row);
    SmallWorld world;
    const Context here = world.context();
    Context there = here;
    there.noise = [&](const Images&, const NoiseDraw& draw) { return hidden(here.noise(images, draw)); };
    HiddenDevice::reads() = 0;
    const Detection found = detector->detect(there, hidden(images));
    EXPECT_EQ(HiddenDevice::reads(), 0);
    const Detection expected = detector->detect(here, images);
    EXPECT_LT(max_abs_diff(revealed(found.map), expected.map), 1e-6);
    EXPECT_LT(max_abs_diff(revealed(found.pseudo_healthy), expected.pseudo_healthy), 1e-6);
    EXPECT_LT(max_abs_diff(revealed(found.score), expected.score), 1e-6);
  }
}

TEST(HiddenDevice, TheNetworkComputesWhereItsWeightsLie) {
  const at::NoGradGuard no_grad;
  const HiddenDevice device;
  StateDict weights = init_unet(small_unet(), 1);
  for (auto& [name, tensor] : weights) tensor = tensor + 0.02 * at::randn(tensor.sizes());
  const at::Tensor x = at::randn({2, 1, 32, 32}), t = at::full({2}, 7, at::kLong);
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const StateDict cast = cast_weights(weights, type);
    const at::Tensor expected = unet_forward(small_unet(), cast, x, t);
    const at::Tensor found = unet_forward(small_unet(), hidden(cast), hidden(x), hidden(t));
    EXPECT_LT(((revealed(found) - expected).norm() / expected.norm()).item<double>(), type == at::kFloat ? 1e-4 : 0.02);
    EXPECT_EQ(HiddenDevice::reads(), 0);
  }
}

TEST(HiddenDevice, PerceptualDistancesComputeWhereTheirImagesLie) {
  const at::NoGradGuard no_grad;
  const HiddenDevice device;
  at::manual_seed(6);
  StateDict weights;
  for (const auto& [name, shape] : lpips_shapes(LpipsNet::Squeeze)) weights[name] = 0.1 * at::rand(shape);
  Lpips lpips(weights);
  const at::Tensor x = at::rand({2, 1, 64, 64}), y = at::rand({2, 1, 64, 64});
  const at::Tensor expected = lpips.spatial(x, y);
  lpips.to(at::Device(at::DeviceType::PrivateUse1, 0));
  EXPECT_LT(max_abs_diff(revealed(lpips.spatial(hidden(x), hidden(y))), expected), 1e-4);
  EXPECT_LT(max_abs_diff(revealed(ssim_distance(hidden(x), hidden(y))), ssim_distance(x, y)), 1e-6);
}

}  // namespace thor::test
