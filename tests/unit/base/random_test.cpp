// SPDX-License-Identifier: Apache-2.0
#include "thor/base/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace thor {
namespace {

using Block = std::array<uint32_t, 4>;

// Known answers of the authors' Random123 distribution.
TEST(Philox, GivesThePublishedKnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const uint32_t f = 0xffffffff;
  EXPECT_EQ(philox4x32({f, f, f, f}, {f, f}), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, EveryPartOfTheKeyNamesAnotherStream) {
  const StreamKey keys[] = {
      {1, 2, 3, Purpose::Start, 4},       {9, 2, 3, Purpose::Start, 4},      {1, 9, 3, Purpose::Start, 4},
      {1, 2, 9, Purpose::Start, 4},       {1, 2, 3, Purpose::Step, 4},       {1, 2, 3, Purpose::Start, 9},
      {2, 1, 3, Purpose::Start, 4},       {1, 2, 3, Purpose::Start, 4, 1},   {1, 2, 3, Purpose::Start, 4, 2},
      {1, 2, 3, Purpose::Start, 4, 0, 1}, {1, 2, 3, Purpose::Start, 4, 1, 1}};
  std::set<uint32_t> first;
  for (const auto& key : keys) {
    first.insert(Random(key).bits());
    EXPECT_EQ(Random(key).bits(), Random(key).bits());
  }
  EXPECT_EQ(first.size(), std::size(keys));
}

TEST(Random, TheFirstDrawOfTheFirstChainIsWhatItWasBeforeThereWereSeveral) {
  EXPECT_EQ(Random({1, 2, 3, Purpose::Start, 4}).bits(), 0x18c51e81u);
}

TEST(Random, NormalsHaveUnitMoments) {
  Random random({7, 0, 0, Purpose::Start, 0});
  const int n = 200000;
  double sum = 0, square = 0, fourth = 0;
  for (int i = 0; i < n; ++i) {
    const double v = random.normal();
    sum += v;
    square += v * v;
    fourth += v * v * v * v;
  }
  EXPECT_NEAR(sum / n, 0, 0.01);
  EXPECT_NEAR(square / n, 1, 0.015);
  EXPECT_NEAR(fourth / n, 3, 0.1);
}

TEST(Random, ManyNormalsAreThoseDrawnOneByOne) {
  for (const size_t count : {0, 1, 2, 255, 256, 257, 5001})
    for (const bool begun : {false, true}) {
      Random many({3, 1, 4, Purpose::Step, 15}), single({3, 1, 4, Purpose::Step, 15});
      if (begun) {
        EXPECT_EQ(many.normal(), single.normal());
      }
      std::vector<float> numbers(count);
      many.fill_normal(numbers.data(), count);
      for (size_t i = 0; i < count; ++i) {
        const auto expected = static_cast<float>(single.normal());
        ASSERT_NEAR(numbers[i], expected, 1e-6 * std::abs(expected)) << i << " of " << count;
      }
      EXPECT_NEAR(many.normal(), single.normal(), 1e-12) << "the stream goes on where it was left";
    }
}

TEST(Random, BelowCoversItsRangeEvenly) {
  Random random({7, 0, 0, Purpose::Shuffle, 0});
  std::vector<int> count(5);
  for (int i = 0; i < 50000; ++i) ++count.at(random.below(5));
  for (int c : count) EXPECT_NEAR(c, 10000, 500);
}

}  // namespace
}  // namespace thor
