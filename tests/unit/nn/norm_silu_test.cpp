// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/norm_silu.h"

#include <ATen/Parallel.h>

#include "tests/support.h"

namespace thor {
namespace {

Tensor reference(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t groups) {
  return at::silu(
      at::group_norm(x.to(at::kDouble).contiguous(), groups, weight.to(at::kDouble), bias.to(at::kDouble), 1e-6));
}

struct Case {
  Tensor x, weight, bias;
};
Case random_case(int64_t n, int64_t c, int64_t h, int64_t w) {
  at::manual_seed(7);
  return {at::randn({n, c, h, w}) * 3 + 2, at::randn({c}), at::randn({c})};
}

TEST(FusedNormSilu, EqualsGroupNormThenSiluInFloat32) {
  for (const auto& [c, groups] : {std::pair{32, 8}, {16, 16}, {48, 3}, {6, 1}}) {
    const Case k = random_case(2, c, 37, 23);
    EXPECT_LT(
        test::max_abs_diff(fused_norm_silu(k.x, k.weight, k.bias, groups), reference(k.x, k.weight, k.bias, groups)),
        2e-5);
  }
}

TEST(FusedNormSilu, KeepsFloat32StatisticsForBfloat16) {
  const Case k = random_case(1, 64, 128, 128);
  const Tensor x = k.x.to(at::kBFloat16), expected = reference(x, k.weight, k.bias, 16);
  const Tensor y = fused_norm_silu(x, k.weight, k.bias, 16);
  ASSERT_EQ(y.scalar_type(), at::kBFloat16);
  EXPECT_LT(((y.to(at::kDouble) - expected).abs() / (expected.abs() + 0.1)).max().item<double>(), 0.01);
}

TEST(FusedNormSilu, GivesTheSameBitsWithOneThreadAndWithTwoAloneAndInABatch) {
  const Case k = random_case(3, 32, 64, 64);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Tensor one = fused_norm_silu(k.x, k.weight, k.bias, 8);
  at::set_num_threads(2);
  EXPECT_TRUE(at::equal(one, fused_norm_silu(k.x, k.weight, k.bias, 8)));
  EXPECT_TRUE(at::equal(one.slice(0, 1, 2), fused_norm_silu(k.x.slice(0, 1, 2), k.weight, k.bias, 8)));
  at::set_num_threads(threads);
}

TEST(FusedNormSilu, SurvivesExtremeValues) {
  const Tensor x = at::full({1, 4, 8, 8}, 1e4), ones = at::ones({4});
  EXPECT_TRUE(at::isfinite(fused_norm_silu(x, ones, ones * -200, 2)).all().item<bool>());
  EXPECT_TRUE(at::isfinite(fused_norm_silu(x, ones, ones * 200, 2)).all().item<bool>());
}

}  // namespace
}  // namespace thor
