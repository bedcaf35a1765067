// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/restorer.h"

#include "tests/contract/small_world.h"
#include "tests/support.h"
#include "thor/base/error.h"

namespace thor::test {
namespace {

DiffusionConfig corruption_model() {
  DiffusionConfig config;
  config.process = Process::Corruption;
  config.prediction = Prediction::Sample;
  return config;
}

/// A world whose network gives `restore` of the model-range image it sees.
struct RestorerWorld {
  std::function<Tensor(const Tensor&)> restore;
  Diffusion diffusion{corruption_model()};
  int64_t calls = 0, last_step = -1;

  Context context() {
    return {diffusion,
            [this](const Images&, const Tensor& x, int64_t t) {
              ++calls;
              last_step = t;
              return restore(x);
            },
            {},
            [](const Tensor& a, const Tensor&) { return at::full_like(a, 0.5); },
            {}};
  }
};

RestorerConfig plain() {
  RestorerConfig config;
  config.median = 1;
  return config;
}

TEST(Restorer, MapsHowFarTheImageIsFromItsRestoration) {
  RestorerWorld world{[](const Tensor& x) { return x + 0.2; }};  // a tenth of the unit range
  const Images images{at::full({2, 1, 16, 16}, 0.5), {{1, 0}, {2, 0}}};
  const Detection found = Restorer(plain()).detect(world.context(), images);
  EXPECT_LT(max_abs_diff(found.map, at::full({2, 1, 16, 16}, 0.1)), 1e-6);
  EXPECT_LT(max_abs_diff(found.pseudo_healthy, at::full({2, 1, 16, 16}, 0.6)), 1e-6);
  EXPECT_EQ(world.calls, 1);
  EXPECT_EQ(world.last_step, 0);
}

TEST(Restorer, RestoresAgainWhatItRestored) {
  RestorerWorld world{[](const Tensor& x) { return x + 0.2; }};
  RestorerConfig config = plain();
  config.passes = 3;
  const Images images{at::full({1, 1, 16, 16}, 0.5), {{1, 0}}};
  EXPECT_LT(max_abs_diff(Restorer(config).detect(world.context(), images).map, at::full({1, 1, 16, 16}, 0.3)), 1e-6);
  EXPECT_EQ(world.calls, 3);
}

TEST(Restorer, MirroringMakesItBlindToLeftAndRight) {
  // A network that adds a ramp from left to right.
  RestorerWorld world{[](const Tensor& x) { return x + at::linspace(0, 0.2, x.size(3)); }};
  RestorerConfig config = plain();
  config.mirror = true;
  const Images images = some_images(1), mirrored{images.pixels.flip(3).contiguous(), images.keys};
  const Tensor map = Restorer(config).detect(world.context(), images).map;
  EXPECT_LT(max_abs_diff(map, Restorer(config).detect(world.context(), mirrored).map.flip(3)), 1e-6);
  EXPECT_EQ(Restorer(config).network_calls(128), 2);
}

TEST(Restorer, APerceptualDistanceWeighsTheResidual) {
  RestorerWorld world{[](const Tensor& x) { return x + 0.2; }};
  RestorerConfig config = plain();
  config.perceptual = PerceptualKind::Lpips;
  const Images images{at::full({1, 1, 32, 32}, 0.5), {{1, 0}}};
  EXPECT_LT(max_abs_diff(Restorer(config).detect(world.context(), images).map, at::full({1, 1, 32, 32}, 0.05)), 1e-6);
}

TEST(Restorer, TheMedianRemovesWhatIsThinnerThanItsHalf) {
  RestorerWorld world{[](const Tensor& x) {
    Tensor y = x.clone();
    y.slice(3, 8, 9) += 0.5;
    return y;
  }};
  RestorerConfig config;
  config.median = 3;
  const Images images{at::full({1, 1, 16, 16}, 0.5), {{1, 0}}};
  EXPECT_EQ(Restorer(config).detect(world.context(), images).map.max().item<double>(), 0);
}

TEST(Restorer, RefusesAModelThatUndoesNoiseAndTheOthersRefuseOneThatUndoesCorruption) {
  const Diffusion noise{DiffusionConfig()}, corruption(corruption_model());
  for (const auto& row : detectors()) {
    const auto detector = row.make(NoiseKind::Gaussian);
    if (detector->network_calls(128) == 0) {
      EXPECT_NO_THROW(check_detector(*detector, noise));
      EXPECT_NO_THROW(check_detector(*detector, corruption));
    } else {
      const bool restores = row.name == "restorer";
      EXPECT_THROW(check_detector(*detector, restores ? noise : corruption), Error) << row.name;
      EXPECT_NO_THROW(check_detector(*detector, restores ? corruption : noise)) << row.name;
    }
  }
}

TEST(Restorer, RefusesAMedianOverAnEvenNumberOfPixels) {
  RestorerConfig config;
  config.median = 4;
  EXPECT_THROW(Restorer(config).check(Diffusion(corruption_model())), Error);
}

}  // namespace
}  // namespace thor::test
