// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/sample.h"

#include "tests/support.h"
#include "thor/base/error.h"

namespace thor::test {
namespace {

using Denoise = std::function<Tensor(const Tensor& xt, int64_t t)>;

SampleConfig walk(SamplerKind kind, int64_t start_step = -1, double eta = 0) {
  SampleConfig config;
  config.start_step = start_step;
  config.sampler.kind = kind;
  config.sampler.steps = 12;
  config.sampler.eta = eta;
  return config;
}

SampleBatch numbers(uint64_t first, int64_t count, uint64_t seed = 3) { return {seed, first, count, 12, {}}; }

/// Leaves most of x_t in the image, so that what is drawn shows the noise it came from.
Tensor lazy(const Tensor& xt, int64_t) { return 0.5 * at::sin(3 * xt); }

class EveryWalk : public testing::TestWithParam<SampleConfig> {};

TEST_P(EveryWalk, DrawsAnImageByItsNumberWhateverTheBatch) {
  const Diffusion diffusion({});
  const Tensor together = draw_samples(diffusion, {}, GetParam(), numbers(0, 5), lazy);
  EXPECT_EQ(together.sizes(), (std::vector<int64_t>{5, 1, 12, 12}));
  EXPECT_EQ(max_abs_diff(together.slice(0, 3, 5), draw_samples(diffusion, {}, GetParam(), numbers(3, 2), lazy)), 0);
  EXPECT_GT(max_abs_diff(together[3], together[4]), 0.1);
}

TEST_P(EveryWalk, DrawsOthersWithAnotherSeed) {
  const Diffusion diffusion({});
  const auto one = draw_samples(diffusion, {}, GetParam(), numbers(0, 1), lazy);
  EXPECT_GT(max_abs_diff(one, draw_samples(diffusion, {}, GetParam(), numbers(0, 1, 4), lazy)), 0.1);
}

TEST_P(EveryWalk, EndsAtTheOnlyImageThatAnExactNetworkKnows) {
  const Diffusion diffusion({});
  const Tensor known = at::linspace(0.1, 0.9, 144, at::kFloat).view({12, 12}), x0 = diffusion.from_unit(known);
  const Denoise exact = [&](const Tensor& xt, int64_t t) { return diffusion.eps_from_x0(x0.expand_as(xt), xt, t); };
  const Tensor drawn = draw_samples(diffusion, {}, GetParam(), numbers(0, 2), exact);
  EXPECT_LT(max_abs_diff(drawn[1][0], known), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Samplers, EveryWalk,
                         testing::Values(walk(SamplerKind::Ddim), walk(SamplerKind::Ddim, -1, 0.5),
                                         walk(SamplerKind::Ddpm), walk(SamplerKind::Dpmpp2m)));

TEST(Sample, KeepsTheMoreOfAStartImageTheLowerItsStep) {
  DiffusionConfig config;
  config.prediction = Prediction::Sample;
  const Diffusion diffusion(config);
  const Denoise content = [&](const Tensor& xt, int64_t) { return xt; };
  SampleBatch batch = numbers(0, 1);
  batch.start = at::linspace(0.2, 0.8, 144, at::kFloat).view({12, 12});
  const auto distance = [&](int64_t step) {
    return (draw_samples(diffusion, {}, walk(SamplerKind::Ddim, step), batch, content)[0][0] - batch.start)
        .abs()
        .mean();
  };
  EXPECT_LT(distance(10).item<float>(), 0.05);
  EXPECT_GT(distance(600).item<float>(), 4 * distance(10).item<float>());
}

TEST(Sample, RefusesToBeginBeyondTheSchedule) {
  EXPECT_THROW(first_timestep(walk(SamplerKind::Ddim, 1000), Diffusion({})), Error);
  EXPECT_EQ(first_timestep(walk(SamplerKind::Ddim, 999), Diffusion({})), 999);
  EXPECT_EQ(first_timestep(walk(SamplerKind::Ddim), Diffusion({})), 999);
}

}  // namespace
}  // namespace thor::test
