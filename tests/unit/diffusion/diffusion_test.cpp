// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/diffusion.h"

#include "tests/support.h"
#include "thor/base/error.h"

namespace thor::test {
namespace {

DiffusionConfig with(Prediction prediction, double low = -1, double high = 1) {
  DiffusionConfig config;
  config.prediction = prediction;
  config.range_low = low;
  config.range_high = high;
  return config;
}

class EveryPrediction : public ::testing::TestWithParam<Prediction> {};

TEST_P(EveryPrediction, GivesTheImageBackFromTheTargetOfTraining) {
  const Diffusion diffusion(with(GetParam()));
  const auto x0 = at::rand({3, 1, 6, 5}) * 2 - 1, eps = at::randn({3, 1, 6, 5});
  for (const int64_t t : {0, 1, 250, 700}) {
    const auto steps = at::full({3}, t, at::kLong);
    const auto xt = diffusion.add_noise(x0, eps, steps), target = diffusion.target(x0, eps, steps);
    EXPECT_LT(max_abs_diff(xt, diffusion.add_noise(x0, eps, t)), 1e-6);
    EXPECT_LT(max_abs_diff(diffusion.x0_from_output(target, xt, t), x0), 2e-4) << t;
    EXPECT_LT(max_abs_diff(diffusion.eps_from_output(target, xt, t), eps), 2e-2) << t;
  }
}
INSTANTIATE_TEST_SUITE_P(Diffusion, EveryPrediction,
                         ::testing::Values(Prediction::Epsilon, Prediction::Sample, Prediction::V));

TEST(Diffusion, ClipsToTheRangeOfTheModel) {
  const Diffusion diffusion(with(Prediction::Sample, 0, 1));
  const auto output = at::tensor({-0.5F, 0.25F, 1.5F}).reshape({1, 1, 1, 3});
  const auto expected = at::tensor({0.F, 0.25F, 1.F}).reshape({1, 1, 1, 3});
  EXPECT_EQ(max_abs_diff(diffusion.x0_from_output(output, output, 10), expected), 0);
}

TEST(Diffusion, UnitRangeAndModelRangeAreInverse) {
  const Diffusion diffusion(with(Prediction::Epsilon, -3, 5));
  const auto unit = at::rand({2, 1, 4, 4});
  EXPECT_LT(max_abs_diff(diffusion.to_unit(diffusion.from_unit(unit)), unit), 1e-6);
  EXPECT_NEAR(diffusion.from_unit(at::zeros({1})).item<double>(), -3, 1e-6);
  EXPECT_NEAR(diffusion.from_unit(at::ones({1})).item<double>(), 5, 1e-6);
}

TEST(Diffusion, BeforeTheFirstStepThereIsNoNoise) {
  const Diffusion diffusion{DiffusionConfig()};
  const auto x0 = at::rand({1, 1, 3, 3});
  EXPECT_EQ(diffusion.alpha_bar(-1), 1);
  EXPECT_EQ(max_abs_diff(diffusion.add_noise(x0, at::randn({1, 1, 3, 3}), -1), x0), 0);
}

TEST(Diffusion, CosineScheduleFollowsNicholAndDhariwal) {
  DiffusionConfig config;
  config.schedule = Schedule::Cosine;
  const Diffusion diffusion(config);
  const auto f = [](double t) { return std::pow(std::cos((t / 1000 + 0.008) / 1.008 * M_PI / 2), 2); };
  for (const int64_t t : {0, 100, 499, 900}) EXPECT_NEAR(diffusion.alpha_bar(t), f(t + 1.0) / f(0), 1e-5) << t;
  EXPECT_NEAR(diffusion.beta(999), 0.999, 1e-6);
}

TEST(Diffusion, RefusesSchedulesThatMakeNoSense) {
  DiffusionConfig config;
  EXPECT_THROW(Fields(config).set("schedule", "quadratic"), Error);
  config.beta_end = 1e-6;
  EXPECT_THROW(Diffusion{config}, Error);
  config = {};
  config.steps = 50000;
  EXPECT_THROW(Diffusion{config}, Error);
}

}  // namespace
}  // namespace thor::test
