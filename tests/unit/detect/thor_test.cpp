// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/thor.h"

#include "tests/contract/small_world.h"
#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/detect/ddpm.h"
#include "thor/detect/median.h"

namespace thor::test {
namespace {

ThorConfig short_thor() {
  ThorConfig config;
  config.start_step = 60;
  config.harmonize_at = {30};
  config.map_every = 10;
  return config;
}

TEST(Thor, WalksTheChainOfDdpmUntilTheFirstHarmonization) {
  SmallWorld world;
  DdpmConfig plain;
  plain.start_step = 60;
  Trace thor = traced(Thor(short_thor()), world.context()), ddpm = traced(Ddpm(plain), world.context());
  for (int64_t t = 60; t >= 30; --t)
    EXPECT_EQ(max_abs_diff(thor["x0" + std::to_string(t)], ddpm["x0" + std::to_string(t)]), 0) << t;
  EXPECT_GT(max_abs_diff(thor["x025"], ddpm["x025"]), 1e-3);
}

TEST(Thor, ReturnsToTheImageWhereTheMapSeesNothing) {
  SmallWorld world;
  Context blind = world.context();
  blind.perceptual = [](const at::Tensor& a, const at::Tensor&) { return at::zeros_like(a); };
  EXPECT_LT(max_abs_diff(traced(Thor(short_thor()), blind)["harmonized30"], some_images(2).pixels), 1e-6);
}

TEST(Thor, TheMapIsTheHarmonicMeanOfTheKeptMaps) {
  SmallWorld world;
  Trace seen = traced(Thor(short_thor()), world.context());
  std::vector<at::Tensor> maps;
  for (int64_t t = 0; t <= 60; t += 10) maps.push_back(seen.at("map" + std::to_string(t)));
  EXPECT_LT(max_abs_diff(Thor(short_thor()).detect(world.context(), some_images(2)).map, harmonic_mean(maps)), 1e-6);
}

TEST(Thor, AMedianSmoothsTheFinishedMapAndNothingBefore) {
  SmallWorld world;
  ThorConfig config = short_thor();
  config.median = 3;
  const Detection plain = Thor(short_thor()).detect(world.context(), some_images(2)),
                  smooth = Thor(config).detect(world.context(), some_images(2));
  EXPECT_TRUE(at::equal(smooth.map, median_filter(plain.map, 3)));
  EXPECT_TRUE(at::equal(smooth.pseudo_healthy, plain.pseudo_healthy));
  config.median = 4;
  EXPECT_THROW(Thor(config).check(world.context().diffusion), Error);
}

TEST(Thor, KeepsOnlyTheMapsThatAreNamed) {
  SmallWorld world;
  ThorConfig config = short_thor();
  config.map_at = {7};
  Trace seen = traced(Thor(config), world.context());
  const auto map = Thor(config).detect(world.context(), some_images(2)).map;
  EXPECT_LT(max_abs_diff(map, seen.at("map7")), 1e-6);
  EXPECT_TRUE(seen.count("map30"));  // needed for the region there, but not kept
  EXPECT_FALSE(seen.count("map10"));
}

TEST(Thor, AProfileSetsTheQuirksUnlessOneIsChosen) {
  ThorConfig config;
  EXPECT_FALSE(Thor(config).perceptual_scaled_twice());
  config.profile = Profile::Published;
  EXPECT_TRUE(Thor(config).perceptual_scaled_twice());
  config.quirks.lpips_scaled_twice = Quirk::Off;
  EXPECT_FALSE(Thor(config).perceptual_scaled_twice());
  config.profile = Profile::Paper;
  config.quirks.lpips_scaled_twice = Quirk::On;
  EXPECT_TRUE(Thor(config).perceptual_scaled_twice());
}

TEST(Thor, EveryQuirkChangesTheMap) {
  SmallWorld world;
  const auto map_of = [&](const ThorConfig& config) {
    return Thor(config).detect(world.context(), some_images(2)).map;
  };
  const auto map = map_of(short_thor());
  ThorConfig clipped = short_thor(), late = short_thor();
  clipped.quirks.clip_harmonized_to_unit = Quirk::On;
  late.quirks.renoise_to_t = Quirk::On;
  EXPECT_GT(max_abs_diff(map, map_of(clipped)), 1e-3);
  EXPECT_GT(max_abs_diff(map, map_of(late)), 1e-4);
}

TEST(Thor, VisitsItsStopsOnACoarseGridToo) {
  SmallWorld world;
  ThorConfig config = short_thor();
  config.sampler.kind = SamplerKind::Dpmpp2m;
  config.sampler.steps = 4;
  config.map_every = 15;
  Trace seen = traced(Thor(config), world.context());
  EXPECT_EQ(world.calls, 7);  // 60 40 20 0 by the sampler, 45 30 15 by the maps
  EXPECT_TRUE(seen.count("harmonized30") && seen.count("map45"));
}

TEST(Thor, HasTheDefaultsOfItsNoiseKind) {
  EXPECT_EQ(make_detector("thor", NoiseKind::Gaussian)->network_calls(128), 351);
  EXPECT_EQ(make_detector("thor", NoiseKind::Simplex)->network_calls(128), 251);
}

TEST(Thor, RefusesToRunWithoutAnyMapStep) {
  ThorConfig config;
  config.map_at = {500};
  EXPECT_THROW(Thor(config).check(Diffusion{DiffusionConfig()}), Error);
}

}  // namespace
}  // namespace thor::test
