// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/scan_looks.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "thor/base/random.h"

namespace thor {
namespace {

constexpr int64_t kSide = 64;

/// One height with a square brain of gray 0.5 and a deviation of 0.1.
BrainTissue gray_brain() {
  Tensor brain = at::zeros({1, kSide, kSide}, at::kByte);
  brain[0].narrow(0, 12, 40).narrow(1, 12, 40).fill_(1);
  return {at::tensor({23.0F}),
          brain,
          at::full({1, 101}, 0.5F),
          at::zeros({1, 101}),
          at::full({1, kSide, kSide}, 128, at::kByte),
          at::full({1, kSide, kSide}, 26, at::kByte)};
}

/// A slice of that brain: waves as wide as its folds, deeper in some people than in others, and noise.
Tensor healthy_slice(uint64_t seed, double waves = 0.05, double noise = 0.01) {
  waves *= Random({seed, 0, 0, Purpose::Phantom, 0}).uniform(0.6, 1.4);
  at::Generator generator = at::detail::createCPUGenerator(seed);
  const Tensor coarse = at::upsample_bilinear2d(at::randn({1, 1, 8, 8}, generator), {kSide, kSide}, false)[0][0];
  return (0.5 + waves * coarse + noise * at::randn({kSide, kSide}, generator)).clamp(0, 1);
}

std::vector<ScanLooks> looks_of_healthy(int64_t count) {
  std::vector<ScanLooks> looks;
  for (int64_t i = 0; i < count; ++i)
    looks.push_back(looks_of(gray_brain(), {healthy_slice(static_cast<uint64_t>(i))}, {23}));
  return looks;
}

Unlikeness unlikeness_of(const Tensor& slice) {
  return *unlikeness(looks_of_healthy(40), looks_of(gray_brain(), {slice}, {23}));
}

TEST(ScanLooks, OfAnotherHealthyScanAreLikeThoseOfTheCalibration) {
  int64_t beyond = 0;
  for (uint64_t seed = 100; seed < 200; ++seed) beyond += unlikeness_of(healthy_slice(seed)).beyond();
  EXPECT_LE(beyond, 8);
}

TEST(ScanLooks, OfAStrangeContrastOrOfMuchNoiseAreNot) {
  EXPECT_TRUE(unlikeness_of(healthy_slice(7) + 0.2).beyond());
  EXPECT_TRUE(unlikeness_of(healthy_slice(7, 0.3)).beyond());
  EXPECT_TRUE(unlikeness_of(healthy_slice(7, 0.05, 0.1)).beyond());
}

TEST(ScanLooks, AreHardlyMovedByALesionOfATenthOfTheBrain) {
  Tensor sick = healthy_slice(7);
  sick.narrow(0, 15, 13).narrow(1, 15, 13).fill_(1);
  EXPECT_FALSE(unlikeness_of(sick).beyond());
  EXPECT_NEAR(unlikeness_of(sick).value, unlikeness_of(healthy_slice(7)).value, 2.1);
}

TEST(ScanLooks, OfAVolumeAreTheMeanOfItsSlices) {
  const Tensor one = healthy_slice(1), two = healthy_slice(2);
  const ScanLooks both = looks_of(gray_brain(), {one, two}, {23, 23}), first = looks_of(gray_brain(), {one}, {23}),
                  second = looks_of(gray_brain(), {two}, {23});
  EXPECT_NEAR(both.strangeness, (first.strangeness + second.strangeness) / 2, 1e-6);
  EXPECT_NEAR(both.grain, (first.grain + second.grain) / 2, 1e-6);
}

TEST(ScanLooks, AreUnknownWithoutABrainAndIncomparableWithFewScans) {
  EXPECT_FALSE(looks_of({}, {healthy_slice(1)}, {23}).known());
  EXPECT_FALSE(looks_of(gray_brain(), {}, {}).known());
  EXPECT_FALSE(unlikeness(looks_of_healthy(9), looks_of_healthy(1)[0]));
  EXPECT_FALSE(unlikeness(looks_of_healthy(40), {}));
}

}  // namespace
}  // namespace thor
