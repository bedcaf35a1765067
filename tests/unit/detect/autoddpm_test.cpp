// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/autoddpm.h"

#include <set>
#include <tuple>

#include "tests/contract/small_world.h"
#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/detect/chain.h"
#include "thor/detect/ddpm.h"

namespace thor::test {
namespace {

AutoDdpmConfig short_autoddpm() {
  AutoDdpmConfig config;
  config.start_step = 60;
  config.resample_step = 10;
  config.resample_repeats = 3;
  config.threshold = 0.02;
  return config;
}

TEST(AutoDdpm, BeginsWithTheChainOfDdpm) {
  SmallWorld world;
  DdpmConfig plain;
  plain.start_step = 60;
  Trace mine = traced(AutoDdpm(short_autoddpm()), world.context()), ddpm = traced(Ddpm(plain), world.context());
  for (int64_t t = 60; t >= 0; --t)
    EXPECT_EQ(max_abs_diff(mine["x0" + std::to_string(t)], ddpm["x0" + std::to_string(t)]), 0) << t;
}

TEST(AutoDdpm, KeepsTheImageItselfOutsideTheMask) {
  SmallWorld world;
  const Images images = some_images(2);
  const auto masked = traced(AutoDdpm(short_autoddpm()), world.context()).at("region10");
  ASSERT_GT(masked.sum().item<double>(), 0);
  ASSERT_LT(masked.mean().item<double>(), 1);
  const auto difference = (AutoDdpm(short_autoddpm()).detect(world.context(), images).pseudo_healthy - images.pixels);
  EXPECT_EQ((difference * (1 - masked)).abs().max().item<double>(), 0);
  EXPECT_GT((difference * masked).abs().max().item<double>(), 1e-3);
}

TEST(AutoDdpm, WithNothingSuspiciousGivesTheImageBack) {
  SmallWorld world;
  AutoDdpmConfig config = short_autoddpm();
  config.threshold = 1;
  const Images images = some_images(2);
  const auto found = AutoDdpm(config).detect(world.context(), images);
  EXPECT_EQ(max_abs_diff(found.pseudo_healthy, images.pixels), 0);
  EXPECT_EQ(found.map.max().item<double>(), 0);
}

TEST(AutoDdpm, BringsBackWhatTheExactDenoiserKnows) {
  SmallWorld world;
  const Images images = some_images(2);
  Context context = world.context();
  context.denoise = [&](const Images&, const at::Tensor& xt, int64_t t) {
    return world.diffusion.eps_from_x0(world.diffusion.from_unit(images.pixels), xt, t);
  };
  AutoDdpmConfig config = short_autoddpm();
  config.threshold = 0;
  EXPECT_LT(max_abs_diff(AutoDdpm(config).detect(context, images).pseudo_healthy, images.pixels), 1e-4);
}

TEST(AutoDdpm, TheMapIsTheFinalResidualWeighedByTheSuspicion) {
  SmallWorld world;
  AutoDdpmConfig config = short_autoddpm();
  config.perceptual = PerceptualKind::None;
  config.percentile = 100;
  const Context context = world.context();
  const Images images = some_images(2);
  const auto found = AutoDdpm(config).detect(context, images);
  const auto first = world.diffusion.to_unit(reconstruct(context, images, config.start_step, config.sampler));
  const auto residual = (images.pixels - first).abs();
  const auto suspicion = residual / residual.amax({1, 2, 3}, true);
  EXPECT_LT(max_abs_diff(found.map, (images.pixels - found.pseudo_healthy).abs() * suspicion), 1e-6);
}

TEST(AutoDdpm, DrawsNoNoiseTwice) {
  SmallWorld world;
  Context context = world.context();
  std::set<std::tuple<Purpose, int64_t, int64_t>> draws;
  const auto noise = context.noise;
  context.noise = [&](const Images& images, const NoiseDraw& draw) {
    EXPECT_TRUE(draws.insert({draw.purpose, draw.t, draw.repeat}).second)
        << static_cast<int>(draw.purpose) << " " << draw.t << " " << draw.repeat;
    return noise(images, draw);
  };
  AutoDdpmConfig config = short_autoddpm();
  config.resample_step = config.start_step;
  AutoDdpm(config).detect(context, some_images(1));
  // The chain draws 1 + 60, the stitching 1, at each of 60 timesteps 3 steps, 3 known parts and 2 steps up, at t = 0
  // only the 2 steps up.
  EXPECT_EQ(draws.size(), 61u + 1u + 60u * 8u + 2u);
}

TEST(AutoDdpm, CostsItsChainAndEveryRepeat) {
  EXPECT_EQ(make_detector("autoddpm", NoiseKind::Gaussian)->network_calls(128), 201 + 5 * 51);
  AutoDdpmConfig config = short_autoddpm();
  config.sampler.steps = 7;
  EXPECT_EQ(AutoDdpm(config).network_calls(128), 7 + 3 * 11);
  config.resample_every = 4;  // 10 6 2 0
  EXPECT_EQ(AutoDdpm(config).network_calls(128), 7 + 3 * 4);
}

TEST(AutoDdpm, RecoversTheImageInStridesTooWithTheExactDenoiser) {
  SmallWorld world;
  const Images images = some_images(2);
  Context context = world.context();
  context.denoise = [&](const Images&, const at::Tensor& xt, int64_t t) {
    return world.diffusion.eps_from_x0(world.diffusion.from_unit(images.pixels), xt, t);
  };
  AutoDdpmConfig config = short_autoddpm();
  config.threshold = 0;
  config.resample_every = 4;
  EXPECT_LT(max_abs_diff(AutoDdpm(config).detect(context, images).pseudo_healthy, images.pixels), 1e-4);
}

TEST(AutoDdpm, RefusesToResampleBeyondTheTimestepsOfTheModel) {
  DiffusionConfig model;
  model.steps = 100;
  AutoDdpmConfig config = short_autoddpm();
  config.resample_step = 100;
  EXPECT_THROW(AutoDdpm(config).check(Diffusion(model)), Error);
}

}  // namespace
}  // namespace thor::test
