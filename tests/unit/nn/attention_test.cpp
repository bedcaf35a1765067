// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/attention.h"

#include <ATen/Parallel.h>

#include "tests/support.h"
#include "thor/nn/kernel/tiled_attention.h"

namespace thor::test {
namespace {

struct AttentionSizes {
  int64_t images, pixels, heads, depth;
};

struct AttentionInputs {
  Tensor q, k, v;
};

AttentionInputs attention_inputs(const AttentionSizes& one, at::ScalarType type) {
  at::manual_seed(1);
  const auto draw = [&] { return at::randn({one.images, one.pixels, one.heads * one.depth}).to(type); };
  return {draw() * 3, draw(), draw()};
}

/// In double, one head after the other.
Tensor exact_attention(const AttentionInputs& in, int64_t heads) {
  std::vector<Tensor> parts;
  const int64_t depth = in.q.size(2) / heads;
  for (int64_t head = 0; head < heads; ++head) {
    const auto part = [&](const Tensor& x) { return x.narrow(2, head * depth, depth).to(at::kDouble); };
    const Tensor scores = at::bmm(part(in.q), part(in.k).transpose(1, 2)) / std::sqrt(static_cast<double>(depth));
    parts.push_back(at::bmm(at::softmax(scores, -1), part(in.v)));
  }
  return at::cat(parts, 2);
}

class Attention : public testing::TestWithParam<AttentionSizes> {
 protected:
  at::NoGradGuard no_gradients_;
};

TEST_P(Attention, IsTheMeanOfTheValuesWeightedByTheSoftmaxOfTheScores) {
  const AttentionInputs in = attention_inputs(GetParam(), at::kFloat);
  EXPECT_LT(max_abs_diff(attention_of_heads(in.q, in.k, in.v, GetParam().heads), exact_attention(in, GetParam().heads)),
            2e-5);
}

TEST_P(Attention, OfBfloat16StaysCloseToTheExactOne) {
  const AttentionInputs in = attention_inputs(GetParam(), at::kBFloat16);
  const Tensor ours = attention_of_heads(in.q, in.k, in.v, GetParam().heads);
  const Tensor exact = exact_attention(in, GetParam().heads);
  EXPECT_EQ(ours.scalar_type(), at::kBFloat16);
  EXPECT_LT((ours.to(at::kDouble) - exact).norm().item<double>(), 0.005 * exact.norm().item<double>());
}

TEST_P(Attention, HasTheSameBitsAloneAndInABatchOnAnyNumberOfThreads) {
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const AttentionInputs in = attention_inputs(GetParam(), type);
    if (type == at::kBFloat16 && !can_tile_attention(in.q)) continue;
    const int before = at::get_num_threads();
    at::set_num_threads(1);
    const auto last = [](const Tensor& x) { return x.narrow(0, x.size(0) - 1, 1); };
    const Tensor alone = attention_of_heads(last(in.q), last(in.k), last(in.v), GetParam().heads);
    at::set_num_threads(3);
    const Tensor together = attention_of_heads(in.q, in.k, in.v, GetParam().heads);
    EXPECT_TRUE(at::equal(last(together), alone));
    at::set_num_threads(before);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Attention,
                         testing::Values(AttentionSizes{1, 1024, 1, 256}, AttentionSizes{2, 256, 2, 64},
                                         AttentionSizes{3, 77, 3, 24}, AttentionSizes{2, 300, 1, 7},
                                         AttentionSizes{1, 1, 1, 1}, AttentionSizes{2, 513, 2, 65}));

TEST(TiledAttention, ChoosesAKeyThatIsFarAheadOfTheOthers) {
  const at::NoGradGuard no_gradients;
  const Tensor q = at::full({1, 4, 8}, 100.0), v = at::arange(4.0f).view({1, 4, 1}).expand({1, 4, 8}).contiguous();
  Tensor k = at::zeros({1, 4, 8});
  k[0][2].fill_(100);
  EXPECT_EQ(max_abs_diff(attention_of_heads(q, k, v, 1), at::full({1, 4, 8}, 2.0)), 0);
}

TEST(TiledAttention, IsNotUsedWhereGradientsAreWanted) {
  EXPECT_FALSE(can_tile_attention(at::zeros({1, 4, 8}).requires_grad_()));
}

}  // namespace
}  // namespace thor::test
