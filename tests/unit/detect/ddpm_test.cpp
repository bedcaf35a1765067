// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/ddpm.h"

#include "tests/contract/small_world.h"
#include "tests/support.h"

namespace thor::test {
namespace {

DdpmConfig short_ddpm() {
  DdpmConfig config;
  config.start_step = 40;
  return config;
}

TEST(Ddpm, TheMapIsTheResidual) {
  SmallWorld world;
  const Images images = some_images(2);
  const auto result = Ddpm(short_ddpm()).detect(world.context(), images);
  EXPECT_LT(max_abs_diff(result.map, (images.pixels - result.pseudo_healthy).abs()), 1e-7);
}

TEST(Ddpm, PowerTwoIsTheSquaredErrorOfTheOriginalAnoDdpm) {
  SmallWorld world;
  DdpmConfig squared = short_ddpm();
  squared.power = 2;
  const auto one = Ddpm(short_ddpm()).detect(world.context(), some_images(2));
  const auto two = Ddpm(squared).detect(world.context(), some_images(2));
  EXPECT_LT(max_abs_diff(one.map.square(), two.map), 1e-6);
}

TEST(Ddpm, BringsBackWhatTheExactDenoiserKnows) {
  SmallWorld world;
  const Images images = some_images(2);
  Context context = world.context();
  context.denoise = [&](const Images&, const at::Tensor& xt, int64_t t) {
    return world.diffusion.eps_from_x0(world.diffusion.from_unit(images.pixels), xt, t);
  };
  EXPECT_LT(Ddpm(short_ddpm()).detect(context, images).map.max().item<double>(), 1e-4);
}

TEST(Ddpm, CostsOneCallATimestepOrAsManyAsTheSamplerTakes) {
  DdpmConfig config = short_ddpm();
  EXPECT_EQ(Ddpm(config).network_calls(128), 41);
  config.sampler.steps = 10;
  EXPECT_EQ(Ddpm(config).network_calls(128), 10);
  EXPECT_EQ(make_detector("ddpm", NoiseKind::Gaussian)->network_calls(128), 351);
  EXPECT_EQ(make_detector("anoddpm", NoiseKind::Simplex)->network_calls(128), 251);
}

}  // namespace
}  // namespace thor::test
