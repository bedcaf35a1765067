// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/evidence.h"

#include <ATen/ATen.h>

#include <cmath>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/detect/chain.h"
#include "thor/detect/ensemble.h"

namespace thor {
namespace {

/// Maps of 20 healthy scans, [20,1,32,32]: noise that is stronger on the right.
Tensor healthy_maps(uint64_t seed) {
  at::Generator generator = at::detail::createCPUGenerator(seed);
  const Tensor strength = at::linspace(1, 3, 32).view({1, 1, 1, 32});
  return at::rand({20, 1, 32, 32}, generator).square() * strength;
}

HealthyReference reference_of(const Tensor& maps, const ReferenceConfig& config) {
  return healthy_reference(maps, at::zeros({maps.size(0)}), config);
}

TEST(Evidence, IsExceededByTheShareOfHealthyPixelsThatItNames) {
  const HealthyReference reference = reference_of(healthy_maps(1), {});
  const Tensor fresh = evidence(reference, healthy_maps(2));
  for (const double nats : {0.5, 1.0, 2.0, 4.0})
    EXPECT_NEAR(fresh.gt(nats).to(at::kDouble).mean().item<double>(), std::exp(-nats), 0.15 * std::exp(-nats)) << nats;
}

TEST(Evidence, RisesWithTheMapAlsoBeyondEverythingHealthy) {
  const HealthyReference reference = reference_of(healthy_maps(1), {});
  const Tensor ramp = at::linspace(0, 100, 1024).view({1, 1, 32, 32});
  const Tensor level = reference.level.mean().expand({32, 32});
  const Tensor result =
      evidence({level.unsqueeze(0).contiguous(), reference.quantiles, reference.z_mm}, ramp).flatten();
  EXPECT_TRUE(result.diff().ge(0).all().item<bool>());
  EXPECT_TRUE(result.narrow(0, 512, 512).diff().gt(0).all().item<bool>()) << "values beyond the healthy ones tie";
  EXPECT_EQ(result[0].item<float>(), 0);
  const double highest = reference.quantiles[-1].item<double>();
  const Tensor at_the_end = evidence({level.unsqueeze(0).contiguous(), reference.quantiles, reference.z_mm},
                                     (level * highest).view({1, 1, 32, 32}));
  EXPECT_NEAR(at_the_end.max().item<double>(), std::log(20 * 32 * 32), 1.0 / 32);
}

TEST(Evidence, TheSameValueMeansLessWhereHealthyMapsAreHigh) {
  const HealthyReference reference = reference_of(healthy_maps(1), {2, 0.1});
  const Tensor result = evidence(reference, at::full({1, 1, 32, 32}, 2.0f));
  EXPECT_GT(result[0][0][16][2].item<float>(), 1.5f * result[0][0][16][30].item<float>());
}

TEST(Evidence, TheSameValueMeansLessAtAHeightWhereHealthyMapsAreHigh) {
  const Tensor z = at::cat({at::full({20}, -30.0), at::full({20}, 40.0)}).to(at::kFloat);
  const HealthyReference reference = healthy_reference(at::cat({3 * healthy_maps(1), healthy_maps(2)}), z, {2, 0.1});
  EXPECT_EQ(reference.z_mm.numel(), 2);
  const Tensor result = evidence(reference, at::full({2, 1, 32, 32}, 2.0f), at::tensor({-28.0f, 75.0f}));
  EXPECT_GT(result[1].mean().item<float>(), 1.5f * result[0].mean().item<float>());
}

TEST(Evidence, DoesNotDependOnTheUnitOfTheMap) {
  const Tensor maps = healthy_maps(1), fresh = healthy_maps(2);
  const Tensor a = evidence(reference_of(maps, {}), fresh);
  const Tensor b = evidence(reference_of(maps * 1000, {}), fresh * 1000);
  EXPECT_LT(test::max_abs_diff(a, b), 1e-3);
}

TEST(Evidence, OfNoNumberIsNoNumber) {
  const Tensor map = healthy_maps(2).narrow(0, 0, 1).clone();
  map[0][0][3][4] = NAN;
  const Tensor result = evidence(reference_of(healthy_maps(1), {}), map);
  EXPECT_TRUE(result[0][0][3][4].isnan().item<bool>());
  EXPECT_EQ(result.isnan().sum().item<int64_t>(), 1);
}

TEST(Evidence, MapsThatAreZeroEverywhereAreRefused) { EXPECT_THROW(reference_of(at::zeros({2, 1, 8, 8}), {}), Error); }

TEST(Evidence, AReferenceThatDoesNotFitIsRefused) {
  const HealthyReference good = reference_of(healthy_maps(1), {});
  EXPECT_NO_THROW(check_reference(good, 32, 32));
  EXPECT_THROW(check_reference(good, 16, 32), Error);
  EXPECT_THROW(check_reference({good.level - 1e3, good.quantiles, good.z_mm}, 32, 32), Error);
  EXPECT_THROW(check_reference({good.level, good.quantiles.flip({0}), good.z_mm}, 32, 32), Error);
  EXPECT_THROW(check_reference({good.level, good.quantiles.narrow(0, 0, 1), good.z_mm}, 32, 32), Error);
  EXPECT_THROW(check_reference({good.level, at::full_like(good.quantiles, NAN), good.z_mm}, 32, 32), Error);
  EXPECT_THROW(check_reference({good.level, good.quantiles, at::tensor({0.0f, 1.0f})}, 32, 32), Error);
  EXPECT_THROW(check_reference({good.level, good.quantiles, good.z_mm + NAN}, 32, 32), Error);
}

TEST(Ensemble, AddsTheEvidenceOfItsMembersAndShowsThePictureOfTheFirst) {
  const HealthyReference reference = reference_of(healthy_maps(1), {});
  const Tensor first = healthy_maps(3).narrow(0, 0, 2), second = healthy_maps(4).narrow(0, 0, 2);
  const auto finds = [](const Tensor& map, double picture) {
    return [=](const Images&) { return Detection{map, at::full_like(map, picture), mean_score(map)}; };
  };
  const Diffusion diffusion{DiffusionConfig()};
  const Context context{
      diffusion, {}, {}, {}, {}, 0, {{finds(first, 0.25), reference}, {finds(second, 0.75), reference}}};
  const Detection found = Ensemble(EnsembleConfig{0}).detect(context, {first, {{0, 0}, {1, 0}}});
  EXPECT_LT(test::max_abs_diff(found.map, evidence(reference, first) + evidence(reference, second)), 1e-6);
  EXPECT_EQ(found.pseudo_healthy.max().item<float>(), 0.25f);
}

}  // namespace
}  // namespace thor
