// SPDX-License-Identifier: Apache-2.0
#include "thor/train/adam.h"

#include <ATen/core/ivalue.h>
#include <torch/torch.h>

#include "tests/support.h"

namespace thor {
namespace {

std::vector<Tensor> some_parameters() {
  at::manual_seed(3);
  return {at::randn({4, 3}).requires_grad_(), at::randn({5}).requires_grad_()};
}

Tensor some_loss(const std::vector<Tensor>& p, int64_t step) {
  return (p[0].sum(1).square().sum() * (1 + step) - p[1].sin().sum()) * 0.3;
}

template <class TorchOptimizer, class Options>
double difference_from_torch(const Options& options, double weight_decay) {
  const std::vector<Tensor> ours = some_parameters(), theirs = some_parameters();
  Adam adam(ours, weight_decay);
  TorchOptimizer reference(theirs, options);
  for (int64_t step = 1; step <= 20; ++step) {
    adam.zero_gradients();
    some_loss(ours, step).backward();
    adam.update(step, 1e-2);
    reference.zero_grad();
    some_loss(theirs, step).backward();
    reference.step();
  }
  return std::max(test::max_abs_diff(ours[0].detach(), theirs[0].detach()),
                  test::max_abs_diff(ours[1].detach(), theirs[1].detach()));
}

TEST(Adam, MovesAsTorchsAdam) {
  EXPECT_LT((difference_from_torch<torch::optim::Adam>(torch::optim::AdamOptions(1e-2), 0)), 1e-6);
}

TEST(Adam, MovesAsTorchsAdamWWithDecay) {
  EXPECT_LT((difference_from_torch<torch::optim::AdamW>(torch::optim::AdamWOptions(1e-2).weight_decay(0.1), 0.1)),
            1e-6);
}

TEST(Adam, ClipsTheJointNormAndTellsTheOldOne) {
  Tensor a = at::zeros({2}).requires_grad_(), b = at::zeros({1}).requires_grad_();
  Adam adam({a, b}, 0);
  (a.sum() * 3 + b.sum() * 4).backward();
  EXPECT_NEAR(adam.clip_gradients(1), std::sqrt(9 + 9 + 16), 1e-5);
  EXPECT_NEAR(at::cat({a.grad(), b.grad()}).norm().item<double>(), 1, 1e-4);
}

TEST(Adam, LeavesParametersThatNothingUsesAlone) {
  Tensor used = at::ones({2}).requires_grad_(), unused = at::ones({2}).requires_grad_();
  Adam adam({used, unused}, 0);
  used.sum().backward();
  adam.clip_gradients(1);
  adam.update(1, 0.1);
  EXPECT_TRUE(at::equal(unused.detach(), at::ones({2})));
  EXPECT_LT(used.detach().max().item<double>(), 1);
}

}  // namespace
}  // namespace thor
