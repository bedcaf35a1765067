// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/pddpm.h"

#include "tests/contract/small_world.h"
#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/detect/median.h"

namespace thor::test {
namespace {

PddpmConfig small_patches() {
  PddpmConfig config;
  config.patch = 8;
  return config;
}

TEST(Pddpm, NoisesOnePatchAtATimeAndLeavesTheRestClean) {
  SmallWorld world;
  const Images images = some_images(2);
  const auto x = world.diffusion.from_unit(images.pixels);
  Context context = world.context();
  auto times_noised = at::zeros({2, 1, 16, 16});
  context.denoise = [&](const Images&, const at::Tensor& xt, int64_t t) {
    EXPECT_EQ(t, 499);
    const auto noised = xt != x;
    EXPECT_EQ(noised.sum().item<int64_t>(), 2 * 8 * 8);
    times_noised += noised;
    return world.predict_eps(xt, t);
  };
  Pddpm(small_patches()).detect(context, images);
  EXPECT_EQ(max_abs_diff(times_noised, at::ones_like(times_noised)), 0);
}

TEST(Pddpm, AveragesOverlappingPatches) {
  SmallWorld world;
  const Images images = some_images(1);
  Context context = world.context();
  DiffusionConfig sample;
  sample.prediction = Prediction::Sample;
  const Diffusion diffusion(sample);
  double answer = 0.1;
  context.denoise = [&](const Images&, const at::Tensor& xt, int64_t) {
    return at::full_like(xt, answer *= 2);
  };  // 0.2, 0.4, ...
  PddpmConfig config;
  config.patch = 10;  // two positions an axis, 0 and 6
  const Context with_samples{diffusion, context.denoise, context.noise, context.perceptual, {}};
  const auto healthy = diffusion.from_unit(Pddpm(config).detect(with_samples, images).pseudo_healthy)[0][0];
  EXPECT_NEAR(healthy[0][0].item<double>(), 0.2, 1e-6);
  EXPECT_NEAR(healthy[0][8].item<double>(), 0.3, 1e-6);
  EXPECT_NEAR(healthy[8][8].item<double>(), (0.2 + 0.4 + 0.8 + 1.0) / 4, 1e-6);  // the last is clipped
}

TEST(Pddpm, TheMapIsTheMedianOfTheResidual) {
  SmallWorld world;
  const Images images = some_images(2);
  const auto found = Pddpm(small_patches()).detect(world.context(), images);
  EXPECT_LT(max_abs_diff(found.map, median_filter((images.pixels - found.pseudo_healthy).abs(), 5)), 1e-7);
}

TEST(Pddpm, BringsBackWhatTheExactDenoiserKnows) {
  SmallWorld world;
  const Images images = some_images(2);
  Context context = world.context();
  context.denoise = [&](const Images&, const at::Tensor& xt, int64_t t) {
    return world.diffusion.eps_from_x0(world.diffusion.from_unit(images.pixels), xt, t);
  };
  EXPECT_LT(Pddpm(small_patches()).detect(context, images).map.max().item<double>(), 1e-4);
}

TEST(Pddpm, CostsOneCallAPatch) {
  EXPECT_EQ(make_detector("pddpm", NoiseKind::Simplex)->network_calls(128), 9);
  EXPECT_EQ(make_detector("pddpm", NoiseKind::Simplex)->network_calls(96), 4);
  EXPECT_EQ(make_detector("pddpm", NoiseKind::Simplex)->network_calls(32), 1);
}

TEST(Pddpm, RefusesAnEvenMedian) {
  PddpmConfig config;
  config.median = 4;
  EXPECT_THROW(Pddpm(config).check(Diffusion{DiffusionConfig()}), Error);
}

}  // namespace
}  // namespace thor::test
