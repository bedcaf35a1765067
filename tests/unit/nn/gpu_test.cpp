// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/kernel/gpu.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/device.h"
#include "thor/nn/layers.h"
#include "thor/nn/unet.h"

namespace thor::test {
namespace {

UNetConfig small_network() {
  UNetConfig config;
  config.channels = {32, 64};
  config.attention = {false, true};
  config.head_channels = 32;
  return config;
}

/// Weights of which none is zero, so that every layer shows in the output.
StateDict lively_weights(const UNetConfig& config) {
  at::manual_seed(11);
  StateDict weights = init_unet(config, 3);
  for (auto& [name, tensor] : weights)
    if (name.find("norm") == std::string::npos) tensor = tensor + 0.05 * at::randn(tensor.sizes());
  return weights;
}

struct Norm {
  Tensor x, offset, dy;
  NormParameters parameters;
};
Norm some_norm(at::ScalarType type) {
  at::manual_seed(4);
  const auto last = at::MemoryFormat::ChannelsLast;
  const Tensor x = at::randn({3, 64, 20, 28}) + 5;
  return {x.to(type).contiguous(last),
          at::randn({3, 64}),
          at::randn(x.sizes()).to(type).contiguous(last),
          {at::rand({64}) + 0.5, at::randn({64}), 32}};
}

}  // namespace

TEST(Gpu, GroupNormIsThatOfTheCpu) {
  SKIP_WITHOUT_GPU();
  const at::NoGradGuard no_grad;
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const Norm n = some_norm(type);
    const NormParameters there{on_device(n.parameters.weight), on_device(n.parameters.bias), n.parameters.groups};
    ASSERT_TRUE(can_gpu_group_norm(there, on_device(n.x)));
    const Tensor y = gpu_group_norm(there, on_device(n.x), on_device(n.offset), true);
    EXPECT_LT(max_abs_diff(y, fused_group_norm(n.parameters, n.x, n.offset, true)), type == at::kFloat ? 1e-5 : 0.04);
    EXPECT_TRUE(y.equal(gpu_group_norm(there, on_device(n.x), on_device(n.offset), true)));
  }
}

TEST(Gpu, GroupNormLeadsGradientsBackAsLibtorchDoes) {
  SKIP_WITHOUT_GPU();
  const Norm n = some_norm(at::kFloat);
  const auto leaf = [](const Tensor& t) { return t.detach().clone().requires_grad_(); };
  const auto gradients = [&](const std::function<Tensor(const std::vector<Tensor>&)>& f, at::Device device) {
    std::vector<Tensor> leaves;
    for (const Tensor& t : {n.x, n.offset, n.parameters.weight, n.parameters.bias})
      leaves.push_back(leaf(t.to(device)));
    (f(leaves) * n.dy.to(device)).sum().backward();
    std::vector<Tensor> result;
    for (const Tensor& t : leaves) result.push_back(t.grad());
    return result;
  };
  const auto ours = gradients(
      [&](const std::vector<Tensor>& l) {
        return gpu_group_norm({l[2], l[3], n.parameters.groups}, l[0], l[1], true);
      },
      test_device());
  const auto theirs = gradients(
      [&](const std::vector<Tensor>& l) {
        return at::silu(
            at::group_norm(l[0] + l[1].unsqueeze(2).unsqueeze(3), n.parameters.groups, l[2], l[3], n.parameters.eps));
      },
      at::kCPU);
  for (size_t i = 0; i < ours.size(); ++i) EXPECT_LT(max_abs_diff(ours[i], theirs[i]), 2e-3) << i;
}

TEST(Gpu, AttentionIsSoftmaxTimesValues) {
  SKIP_WITHOUT_GPU();
  at::manual_seed(2);
  const Tensor q = at::randn({2, 100, 64}), k = at::randn({2, 100, 64}), v = at::randn({2, 100, 64});
  const auto split = [](const Tensor& t) { return t.view({2, 100, 2, 32}).transpose(1, 2); };
  const Tensor weights = at::softmax(at::matmul(split(q), split(k).transpose(2, 3)) / std::sqrt(32.0), -1);
  const Tensor expected = at::matmul(weights, split(v)).transpose(1, 2).reshape(q.sizes());
  if (!has_fused_attention(on_device(q))) GTEST_SKIP() << "this libtorch has no fused attention";
  EXPECT_LT(max_abs_diff(fused_attention(on_device(q), on_device(k), on_device(v), 2), expected), 1e-5);
}

TEST(Gpu, ARecordedStepGivesWhatTheStepGivesForOtherInputs) {
  SKIP_WITHOUT_GPU();
  const at::NoGradGuard no_grad;
  const UNetConfig config = small_network();
  const StateDict weights = on_device(cast_weights(lively_weights(config), at::kFloat));
  const auto step = [&](const std::vector<Tensor>& in) { return unet_forward(config, weights, in[0], in[1]); };
  const auto inputs = [](int64_t t) {
    return std::vector<Tensor>{on_device(at::randn({2, 1, 32, 32})), on_device(at::full({2}, t, at::kLong))};
  };
  const auto recording = record(inputs(5), step);
  ASSERT_TRUE(recording);
  for (const int64_t t : {900, 40}) {
    const auto in = inputs(t);
    EXPECT_LT(max_abs_diff(recording->replay(in), step(in)), 1e-6) << t;
  }
}

TEST(Gpu, WhatReadsAValueBackIsNotRecorded) {
  SKIP_WITHOUT_GPU();
  const at::NoGradGuard no_grad;
  const Tensor x = on_device(at::ones({4}));
  EXPECT_FALSE(record({x}, [](const std::vector<Tensor>& in) { return in[0] * in[0].sum().item<double>(); }));
  EXPECT_EQ((x + 1).sum().item<double>(), 8) << "the GPU is as good as before";
}

TEST(Gpu, NothingIsRecordedOnTheCpu) {
  EXPECT_FALSE(record({at::ones({4})}, [](const std::vector<Tensor>& in) { return in[0] + 1; }));
}

TEST(Gpu, WhatIsSentArrivesUnchanged) {
  const Tensor x = at::randn({3, 1, 8, 8});
  const Tensor there = sent_to(x, test_device());
  EXPECT_EQ(there.device().type(), test_device().type());
  EXPECT_EQ(max_abs_diff(there, x), 0);
}

}  // namespace thor::test
