// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/kernel/norm_silu.h"

#include <ATen/Parallel.h>

#include "tests/support.h"

namespace thor::test {
namespace {

struct Case {
  int64_t batch, channels, height, width, groups;
};

NormParameters parameters(const Case& one) {
  return {at::rand({one.channels}) + 0.5, at::randn({one.channels}), one.groups, 1e-6};
}

/// In double, by libtorch's own operations.
Tensor reference(const NormParameters& norm, const Tensor& x, const Tensor& offset, bool silu) {
  Tensor wide = x.to(at::kDouble).contiguous();
  if (offset.defined()) wide = wide + offset.to(at::kDouble).unsqueeze(2).unsqueeze(3);
  const Tensor y = at::group_norm(wide, norm.groups, norm.weight.to(at::kDouble), norm.bias.to(at::kDouble), norm.eps);
  return silu ? at::silu(y) : y;
}

class FusedGroupNorm : public testing::TestWithParam<Case> {
 protected:
  at::NoGradGuard no_gradients_;
};

TEST_P(FusedGroupNorm, IsGroupNormThenSilu) {
  const Case& one = GetParam();
  at::manual_seed(1);
  const NormParameters norm = parameters(one);
  const Tensor x = at::randn({one.batch, one.channels, one.height, one.width}) * 3 + 1;
  const Tensor offset = at::randn({one.batch, one.channels});
  for (const bool silu : {false, true})
    for (const Tensor& added : {Tensor(), offset})
      for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
        const Tensor y = fused_group_norm(norm, x.contiguous(format), added, silu);
        EXPECT_LT(max_abs_diff(y, reference(norm, x, added, silu)), 5e-6);
      }
}

TEST_P(FusedGroupNorm, OfBfloat16RoundsOnlyItsResult) {
  const Case& one = GetParam();
  at::manual_seed(2);
  const NormParameters norm = parameters(one);
  const Tensor x = at::randn({one.batch, one.channels, one.height, one.width}).to(at::kBFloat16);
  const Tensor y = fused_group_norm(norm, x, {}, true), expected = reference(norm, x, {}, true);
  EXPECT_EQ(y.scalar_type(), at::kBFloat16);
  // Half a unit in the last of bfloat16's 8 places.
  EXPECT_TRUE(((y.to(at::kDouble) - expected).abs() <= expected.abs() / 256 + 1e-5).all().item<bool>());
}

TEST_P(FusedGroupNorm, HasTheSameBitsOnAnyNumberOfThreads) {
  const Case& one = GetParam();
  at::manual_seed(3);
  const NormParameters norm = parameters(one);
  const Tensor x = at::randn({one.batch, one.channels, one.height, one.width});
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const Tensor alone = fused_group_norm(norm, x, {}, true);
  at::set_num_threads(3);
  EXPECT_EQ(max_abs_diff(fused_group_norm(norm, x, {}, true), alone), 0);
  at::set_num_threads(before);
}

/// Of the loss (y * some weights).sum(), with respect to x, weight, bias and, if there is one, the offset. All but x
/// are leaves of float32; the exact ones are those of double.
struct Question {
  at::ScalarType type;
  bool silu, offset;
};

std::vector<Tensor> gradients(const Case& one, const Question& asked, bool fused) {
  const at::AutoGradMode with_gradients(true);
  at::manual_seed(5);
  const auto leaf = [&](const Tensor& x, at::ScalarType type) {
    return x.to(fused ? type : at::kDouble).clone().requires_grad_();
  };
  const Tensor image = at::randn({one.batch, one.channels, one.height, one.width}) * 3 + 1;
  const Tensor x = leaf(image.to(asked.type), asked.type), weight = leaf(at::rand({one.channels}) + 0.5, at::kFloat);
  const Tensor bias = leaf(at::randn({one.channels}), at::kFloat);
  const Tensor offset = leaf(at::randn({one.batch, one.channels}), at::kFloat);
  const Tensor downstream = at::randn(x.sizes()).to(asked.type);
  const NormParameters norm{weight, bias, one.groups, 1e-6};
  const Tensor added = asked.offset ? offset : Tensor();
  const Tensor y = fused ? fused_group_norm(norm, x, added, asked.silu) : reference(norm, x, added, asked.silu);
  (y * downstream.to(y.scalar_type())).sum().backward();
  std::vector<Tensor> all{x.grad(), weight.grad(), bias.grad()};
  if (asked.offset) all.push_back(offset.grad());
  return all;
}

TEST_P(FusedGroupNorm, HasTheGradientsOfGroupNormThenSilu) {
  for (const bool silu : {false, true})
    for (const bool offset : {false, true}) {
      const Question asked{at::kFloat, silu, offset};
      const auto ours = gradients(GetParam(), asked, true), exact = gradients(GetParam(), asked, false);
      for (size_t i = 0; i < exact.size(); ++i)
        EXPECT_LT(max_abs_diff(ours[i], exact[i]), 3e-6 * (1 + exact[i].abs().max().item<double>())) << i;
    }
}

TEST_P(FusedGroupNorm, RoundsOnlyTheGradientOfABfloat16Image) {
  const Question asked{at::kBFloat16, true, true};
  const auto ours = gradients(GetParam(), asked, true), exact = gradients(GetParam(), asked, false);
  EXPECT_EQ(ours[0].scalar_type(), at::kBFloat16);
  EXPECT_TRUE(((ours[0].to(at::kDouble) - exact[0]).abs() <= exact[0].abs() / 256 + 1e-5).all().item<bool>());
  for (size_t i = 1; i < exact.size(); ++i)
    EXPECT_LT(max_abs_diff(ours[i], exact[i]), 3e-6 * (1 + exact[i].abs().max().item<double>())) << i;
}

TEST_P(FusedGroupNorm, HasTheSameGradientsOnAnyNumberOfThreads) {
  const Question asked{at::kFloat, true, true};
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto alone = gradients(GetParam(), asked, true);
  at::set_num_threads(3);
  const auto together = gradients(GetParam(), asked, true);
  for (size_t i = 0; i < alone.size(); ++i) EXPECT_EQ(max_abs_diff(together[i], alone[i]), 0) << i;
  at::set_num_threads(before);
}

INSTANTIATE_TEST_SUITE_P(Shapes, FusedGroupNorm,
                         testing::Values(Case{1, 16, 128, 128, 16}, Case{2, 32, 33, 17, 8}, Case{1, 128, 64, 64, 32},
                                         Case{1, 256, 8, 8, 32}, Case{3, 24, 5, 7, 4}, Case{1, 3, 1, 1, 1},
                                         Case{1, 48, 3, 200, 48}));

TEST(FusedGroupNormStatistics, SurviveValuesFarFromZero) {
  at::NoGradGuard no_gradients;
  at::manual_seed(4);
  const NormParameters norm{at::ones({32}), at::zeros({32}), 8, 1e-6};
  const Tensor x = at::randn({1, 32, 64, 64}) * 0.01 + 100;
  EXPECT_LT(max_abs_diff(fused_group_norm(norm, x, {}, false), reference(norm, x, {}, false)), 2e-3);
}

TEST(FusedGroupNormStatistics, OfAConstantImageGiveTheBias) {
  at::NoGradGuard no_gradients;
  const NormParameters norm{at::ones({8}), at::full({8}, 0.5), 4, 1e-6};
  EXPECT_LT(max_abs_diff(fused_group_norm(norm, at::full({1, 8, 4, 4}, 7.0), {}, false), at::full({1, 8, 4, 4}, 0.5)),
            1e-6);
}

}  // namespace
}  // namespace thor::test
