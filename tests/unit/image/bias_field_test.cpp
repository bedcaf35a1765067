// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <gmock/gmock.h>

#include "tests/unit/image/pictures.h"
#include "thor/image/register/registration.h"

namespace thor::test {
namespace {

/// A round head of three tissues, 2 mm, and a smooth field with its bright corner at the front.
struct BiasedHead {
  Tensor inside, field;
  Image scan;
};

BiasedHead biased_head() {
  const int64_t side = 64;
  const Tensor line = (at::arange(side, at::kFloat) - (side - 1) / 2.0) / (side / 2.0);  // -1 to 1
  const Tensor z = line.view({-1, 1, 1}), y = line.view({1, -1, 1}), x = line.view({1, 1, -1});
  const Tensor radius = at::sqrt(x * x + y * y + z * z);
  BiasedHead head;
  head.inside = radius < 0.85;
  head.field = at::exp(0.3 * y + 0.15 * at::sin(2 * x) - 0.2 * z * z);
  // Grey matter folded into white: tissues must be mixed in space, else a tissue looks like a field.
  const Tensor folds = at::sin(9 * x) * at::sin(9 * y) * at::sin(9 * z) > 0.15;
  const Tensor tissue = at::where(folds, at::tensor(60.0f), at::tensor(100.0f));
  head.scan.voxels = (head.inside * tissue * head.field).to(at::kFloat).contiguous();
  head.scan.geometry.ras_from_voxel = scaling({2, 2, 2});
  return head;
}

/// Standard deviation over mean: how far a field is from being flat.
double spread(const Tensor& values) { return (values.std() / values.mean()).item<double>(); }

TEST(BiasField, OfAPhantomHeadIsRecoveredToAFewPerCent) {
  const BiasedHead head = biased_head();
  const Tensor field = bias_field(head.scan, {}, {2});
  EXPECT_EQ(field.sizes(), head.scan.voxels.sizes());
  EXPECT_GT(field.min().item<float>(), 0);
  EXPECT_GT(spread(head.field.masked_select(head.inside)), 0.15);
  EXPECT_LT(spread((head.field / field).masked_select(head.inside)), 0.03);
}

TEST(BiasField, OfThickSlicesIsRecoveredToo) {
  BiasedHead head = biased_head();
  const auto thick = [](const Tensor& t) { return t.slice(0, 1, 64, 4).contiguous(); };
  head.scan.voxels = thick(head.scan.voxels);
  head.scan.geometry.ras_from_voxel = scaling({2, 2, 8});
  const Tensor field = bias_field(head.scan, {}, {2});
  EXPECT_LT(spread((thick(head.field) / field).masked_select(thick(head.inside))), 0.04);
}

TEST(BiasField, OfAnEvenHeadIsFlat) {
  BiasedHead head = biased_head();
  head.scan.voxels = (head.scan.voxels / head.field).contiguous();
  EXPECT_LT(spread(bias_field(head.scan, {}, {2}).masked_select(head.inside)), 0.02);
}

TEST(BiasField, IsTheSameOnOneThreadAndOnTwo) {
  const BiasedHead head = biased_head();
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Tensor one = bias_field(head.scan);
  at::set_num_threads(2);
  const Tensor two = bias_field(head.scan);
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(one, two));
}

TEST(BiasField, SaysWhatAScanLacks) {
  Image empty;
  empty.voxels = at::zeros({8, 8, 8});
  EXPECT_THAT(story_of([&] { bias_field(empty); }), testing::HasSubstr("no foreground"));
  empty.voxels = at::ones({1, 64, 64});
  EXPECT_THAT(story_of([&] { bias_field(empty); }), testing::HasSubstr("needs a volume"));
  EXPECT_THAT(story_of([&] { bias_field(biased_head().scan, at::ones({2, 2, 2})); }), testing::HasSubstr("mask"));
}

}  // namespace
}  // namespace thor::test
