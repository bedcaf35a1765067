// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/sampler.h"

#include "tests/support.h"
#include "thor/base/error.h"

namespace thor::test {
namespace {

using Steps = std::vector<int64_t>;

TEST(TimestepGrid, ContainsEveryStepByDefault) { EXPECT_EQ(timestep_grid(4, 0, {}), (Steps{4, 3, 2, 1, 0})); }

TEST(TimestepGrid, SpreadsFewStepsEvenlyAndKeepsTheStops) {
  EXPECT_EQ(timestep_grid(100, 5, {}), (Steps{100, 75, 50, 25, 0}));
  EXPECT_EQ(timestep_grid(100, 5, {60, 50, 300, -4}), (Steps{100, 75, 60, 50, 25, 0}));
  EXPECT_EQ(timestep_grid(100, 1, {}), (Steps{100, 0}));
  EXPECT_EQ(timestep_grid(3, 900, {}), (Steps{3, 2, 1, 0}));
  EXPECT_EQ(timestep_grid(0, 0, {0}), (Steps{0}));
}

TEST(TimestepGrid, TakesTheTimestepsThatAreNamedInstead) {
  SamplerConfig config;
  config.steps = 5;
  EXPECT_EQ(timestep_grid(100, config, {60}), (Steps{100, 75, 60, 50, 25, 0}));
  config.timesteps = {300, 90, 25, 7};
  EXPECT_EQ(timestep_grid(100, config, {60}), (Steps{100, 90, 60, 25, 7, 0}));
}

TEST(TimestepGrid, RefusesToStartBelowZero) { EXPECT_THROW(timestep_grid(-1, 0, {}), Error); }

SamplerConfig of_kind(SamplerKind kind, double eta = 0) {
  SamplerConfig config;
  config.kind = kind;
  config.eta = eta;
  return config;
}

// E[x0 | x_t] for data N(0, spread^2): everything about the chain is known in closed form.
double ideal_x0_factor(const Diffusion& diffusion, int64_t t, double spread) {
  const double abar = diffusion.alpha_bar(t);
  return std::sqrt(abar) * spread * spread / (abar * spread * spread + 1 - abar);
}

DiffusionConfig wide_sample_model() {
  DiffusionConfig config;
  config.prediction = Prediction::Sample;
  config.range_low = -100;
  config.range_high = 100;
  return config;
}

double final_spread(const SamplerConfig& config, int64_t steps) {
  const Diffusion diffusion(wide_sample_model());
  const auto sampler = make_sampler(config, diffusion);
  const auto grid = timestep_grid(999, steps, {});
  at::manual_seed(1);
  auto x = at::randn({1, 1, 200, 200});
  for (size_t i = 0; i < grid.size(); ++i) {
    const int64_t next = i + 1 < grid.size() ? grid[i + 1] : -1;
    const auto output = x * ideal_x0_factor(diffusion, grid[i], 0.5);
    x = sampler->step(output, x, grid[i], next, at::randn_like(x)).next;
  }
  return x.std().item<double>();
}

TEST(Sampler, EveryKindReachesTheSpreadOfTheData) {
  EXPECT_NEAR(final_spread(of_kind(SamplerKind::Ddpm), 0), 0.5, 0.02);
  EXPECT_NEAR(final_spread(of_kind(SamplerKind::Ddpm), 200), 0.5, 0.03);
  EXPECT_NEAR(final_spread(of_kind(SamplerKind::Ddim), 100), 0.5, 0.02);
  EXPECT_NEAR(final_spread(of_kind(SamplerKind::Ddim, 1), 200), 0.5, 0.03);
  EXPECT_NEAR(final_spread(of_kind(SamplerKind::Dpmpp2m), 50), 0.5, 0.02);
}

// The probability flow of Gaussian data scales x by the ratio of the spreads of x_t.
TEST(Sampler, TheSecondOrderSolverIsCloserToTheFlowThanTheFirst) {
  const double first = std::abs(final_spread(of_kind(SamplerKind::Ddim), 20) - 0.5);
  const double second = std::abs(final_spread(of_kind(SamplerKind::Dpmpp2m), 20) - 0.5);
  EXPECT_LT(second, first);
}

TEST(Sampler, DdimWithEtaOneIsTheAncestralStep) {
  const Diffusion diffusion{DiffusionConfig()};
  const auto xt = at::randn({1, 1, 8, 8}) * 0.1, eps = at::randn({1, 1, 8, 8}) * 0.1, noise = at::randn({1, 1, 8, 8});
  for (const auto& [t, next] : std::vector<std::pair<int64_t, int64_t>>{{50, 49}, {50, 20}}) {
    const auto a = make_sampler(of_kind(SamplerKind::Ddpm), diffusion)->step(eps, xt, t, next, noise);
    const auto b = make_sampler(of_kind(SamplerKind::Ddim, 1), diffusion)->step(eps, xt, t, next, noise);
    EXPECT_LT(max_abs_diff(a.next, b.next), 1e-4);
  }
}

TEST(Sampler, TheSecondOrderSolverForgetsItsHistoryOnRestart) {
  const Diffusion diffusion(wide_sample_model());
  const auto sampler = make_sampler(of_kind(SamplerKind::Dpmpp2m), diffusion),
             fresh = make_sampler(of_kind(SamplerKind::Dpmpp2m), diffusion);
  const auto x = at::randn({1, 1, 4, 4}), a = at::randn({1, 1, 4, 4}), b = at::randn({1, 1, 4, 4});
  const auto expected = fresh->step(b, x, 500, 400, {}).next;
  sampler->step(a, x, 600, 500, {});
  EXPECT_GT(max_abs_diff(sampler->step(b, x, 500, 400, {}).next, expected), 1e-3);
  sampler->restart();
  EXPECT_EQ(max_abs_diff(sampler->step(b, x, 500, 400, {}).next, expected), 0);
}

TEST(Sampler, RefusesAnUnknownKindByName) {
  SamplerConfig config;
  EXPECT_THROW(Fields(config).set("kind", "euler"), Error);
  Fields(config).set("kind", "dpmpp_2m");
  EXPECT_EQ(config.kind, SamplerKind::Dpmpp2m);
}

}  // namespace
}  // namespace thor::test
