// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/latent_space.h"

#include <ATen/ATen.h>

#include "tests/support.h"
#include "thor/diffusion/diffusion.h"
#include "thor/diffusion/sample.h"

namespace thor {
namespace {

/// Pixels of twice the size, and the same again with the sign turned: [N,1,2h,2w] -> [N,2,h,w]
class HalvedSpace : public LatentSpace {
 public:
  Tensor encode(const Tensor& unit) const override {
    const Tensor half = at::avg_pool2d(unit, {2, 2});
    return at::cat({half, -half}, 1);
  }
  Tensor decode(const Tensor& latent) const override {
    const Tensor half = (latent.narrow(1, 0, 1) - latent.narrow(1, 1, 1)) / 2;
    return at::upsample_nearest2d(half, {2 * half.size(2), 2 * half.size(3)});
  }
  std::array<int64_t, 3> noise_shape(int64_t height, int64_t width) const override {
    return {2, height / 2, width / 2};
  }
};

TEST(LatentSpace, OfPixelsTakesBlackAndWhiteToTheRangeOfTheModelAndBack) {
  const PixelSpace space(-1, 3);
  const Tensor unit = at::tensor({0.0F, 0.25F, 1.0F}).view({1, 1, 1, 3});
  EXPECT_TRUE(space.encode(unit).flatten().equal(at::tensor({-1.0F, 0.0F, 3.0F})));
  EXPECT_TRUE(space.decode(space.encode(unit)).equal(unit));
  EXPECT_EQ(space.noise_shape(5, 7), (std::array<int64_t, 3>{1, 5, 7}));
}

TEST(LatentSpace, OfADiffusionIsThatOfPixelsByDefault) {
  DiffusionConfig config;
  config.range_low = -2;
  config.range_high = 2;
  const Diffusion diffusion(config);
  EXPECT_TRUE(diffusion.from_unit(at::full({1}, 0.75)).equal(at::full({1}, 1.0)));
  EXPECT_EQ(diffusion.noise_shape(4, 6), (std::array<int64_t, 3>{1, 4, 6}));
}

// The exact denoiser of one known latent: the walk ends at its image, whatever the space.
TEST(LatentSpace, IsCrossedBySamplersThatDoNotKnowIt) {
  DiffusionConfig config;
  config.prediction = Prediction::Sample;
  const auto space = std::make_shared<HalvedSpace>();
  const Diffusion diffusion(config, space);
  const Tensor image = at::linspace(0.1, 0.9, 16).view({1, 1, 4, 4}).repeat_interleave(2, 2).repeat_interleave(2, 3);
  const Tensor known = space->encode(image);
  SampleConfig sampling;
  sampling.sampler.steps = 5;
  const SampleBatch batch{1, 0, 3, 8, {}};
  const auto denoise = [&](const Tensor& xt, int64_t) {
    EXPECT_EQ(xt.sizes(), (std::vector<int64_t>{3, 2, 4, 4}));
    return known.expand_as(xt).contiguous();
  };
  const Tensor drawn = draw_samples(diffusion, {}, sampling, batch, denoise);
  EXPECT_LT(test::max_abs_diff(drawn, image.expand({3, 1, 8, 8})), 1e-4);
}

}  // namespace
}  // namespace thor
