// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/pixel_pool.h"

#include <cmath>
#include <cstring>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/random.h"
#include "thor/eval/metrics.h"
#include "thor/image/quantile.h"

namespace thor {
namespace {

constexpr double kPrecision = 1.0 / 4096;

/// Many pixels: lesion pixels tend to be higher; many values are close to each other, some exactly 0.
struct ManyPixels {
  Tensor map, truth;
  explicit ManyPixels(int64_t count) : map(at::empty({count})), truth(at::empty({count})) {
    Random random({7, 0, 0, Purpose::Sample, 0});
    for (int64_t i = 0; i < count; ++i) {
      const bool lesion = random.uniform() < 0.05;
      const double value = random.uniform() * random.uniform() + (lesion ? 0.2 : 0.0);
      truth.data_ptr<float>()[i] = lesion ? 1.f : 0.f;
      map.data_ptr<float>()[i] = random.uniform() < 0.1 ? 0.f : static_cast<float>(value);
    }
  }
};

/// The same pixels, a part at a time.
PixelPool pooled(const ManyPixels& pixels, size_t exact_limit) {
  PixelPool pool(exact_limit);
  for (size_t part = 0; part < 8; ++part) pool.add(pixels.map.chunk(8)[part], pixels.truth.chunk(8)[part]);
  return pool;
}

/// Values without the bits that a folded pool does not see.
Tensor coarse(const Tensor& map) {
  Tensor result = map.clone();
  for (int64_t i = 0; i < result.numel(); ++i) {
    uint32_t bits = 0;
    std::memcpy(&bits, result.data_ptr<float>() + i, sizeof bits);
    bits &= ~((1u << 11) - 1);
    std::memcpy(result.data_ptr<float>() + i, &bits, sizeof bits);
  }
  return result;
}

TEST(PixelPool, IsExactWhileItsPixelsFit) {
  const ManyPixels pixels(20000);
  PixelPool pool = pooled(pixels, 20000);
  EXPECT_TRUE(pool.exact());
  EXPECT_EQ(pool.areas().auprc, average_precision(pixels.map, pixels.truth));
  EXPECT_EQ(pool.areas().auroc, auroc(pixels.map, pixels.truth));
  const Tensor healthy = pixels.map.masked_select(pixels.truth.eq(0));
  for (const double q : {0.0, 0.5, 0.95, 0.999, 1.0})
    EXPECT_NEAR(pool.quantile(PixelKind::Healthy, q), quantile_of(healthy, q), 1e-9) << q;
}

TEST(PixelPool, FoldedEqualsExactOnValuesCutToItsPrecision) {
  const ManyPixels pixels(3'000'000);
  PixelPool pool = pooled(pixels, 100'000);
  EXPECT_FALSE(pool.exact());
  EXPECT_EQ(pool.count(PixelKind::Healthy) + pool.count(PixelKind::Lesion), 3'000'000);
  const Tensor cut = coarse(pixels.map);
  EXPECT_NEAR(pool.areas().auprc, average_precision(cut, pixels.truth), 1e-12);
  EXPECT_NEAR(pool.areas().auroc, auroc(cut, pixels.truth), 1e-12);
  EXPECT_NEAR(pool.areas().auprc, average_precision(pixels.map, pixels.truth), 1e-4);
  EXPECT_NEAR(pool.areas().auroc, auroc(pixels.map, pixels.truth), 1e-4);
}

TEST(PixelPool, QuantilesOfAFoldedPoolAreWithinItsPrecision) {
  const ManyPixels pixels(200'000);
  PixelPool exact = pooled(pixels, 200'000), folded = pooled(pixels, 1000);
  for (const PixelKind kind : {PixelKind::Healthy, PixelKind::Lesion})
    for (const double q : {0.01, 0.3, 0.5, 0.95, 0.99, 1.0}) {
      const double expected = exact.quantile(kind, q);
      EXPECT_NEAR(folded.quantile(kind, q), expected, kPrecision * expected) << q;
    }
  EXPECT_EQ(folded.quantile(PixelKind::Healthy, 0), 0);
}

TEST(PixelPool, PoolsOfPartsMakeThePoolOfAllWhicheverOfThemAreFolded) {
  const ManyPixels pixels(40000);
  const Tensor left_map = pixels.map.narrow(0, 0, 15000), right_map = pixels.map.narrow(0, 15000, 25000);
  const Tensor left_truth = pixels.truth.narrow(0, 0, 15000), right_truth = pixels.truth.narrow(0, 15000, 25000);
  const Areas folded = pooled(pixels, 1000).areas();
  for (const size_t left_limit : {size_t{1000}, size_t{100000}})
    for (const size_t right_limit : {size_t{1000}, size_t{30000}}) {
      PixelPool left(left_limit), right(right_limit);
      left.add(left_map, left_truth);
      right.add(right_map, right_truth);
      left.add(right);
      const Areas expected = left.exact() ? pooled(pixels, 40000).areas() : folded;
      EXPECT_NEAR(left.areas().auprc, expected.auprc, 1e-12);
      EXPECT_NEAR(left.areas().auroc, expected.auroc, 1e-12);
    }
}

TEST(PixelPool, OrdersNegativeValuesAndKnowsOneZeroOnly) {
  const Tensor map = at::tensor({-2.0, -1.0, -0.0, 0.0, 1.0}, at::kDouble).to(at::kFloat);
  const Tensor truth = at::tensor({0.0, 1.0, 0.0, 1.0, 1.0}, at::kDouble).to(at::kFloat);
  PixelPool folded(0);
  folded.add(map, truth);
  ASSERT_FALSE(folded.exact());
  EXPECT_EQ(folded.areas().auroc, auroc(map, truth));
  EXPECT_EQ(folded.areas().auprc, average_precision(map, truth));
  EXPECT_NEAR(folded.quantile(PixelKind::Healthy, 0), -2, 2 * kPrecision);
}

TEST(PixelPool, RefusesValuesThatAreNotNumbersAndKnowsWhatItLacks) {
  PixelPool pool;
  EXPECT_THROW(pool.add(at::full({2}, NAN), at::zeros({2})), Error);
  PixelPool empty;
  EXPECT_TRUE(std::isnan(empty.quantile(PixelKind::Lesion, 0.5)));
  EXPECT_TRUE(std::isnan(empty.areas().auprc));
}

}  // namespace
}  // namespace thor
