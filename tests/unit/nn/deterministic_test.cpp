// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/kernel/deterministic.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support.h"
#include "thor/nn/perceptual.h"
#include "thor/nn/unet.h"

namespace thor {
namespace {

/// What a computation gives with one thread and with two.
std::pair<Tensor, Tensor> on_one_and_two_threads(const std::function<Tensor()>& compute) {
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const Tensor one = compute();
  at::set_num_threads(2);
  const Tensor two = compute();
  at::set_num_threads(before);
  return {one, two};
}

TEST(Deterministic, ProductsAreProducts) {
  const Tensor a = at::randn({700, 33}), b = at::randn({33, 17});
  EXPECT_LT(test::max_abs_diff(deterministic_product(a, b), at::mm(a, b)), 1e-4);
  EXPECT_LT(test::max_abs_diff(deterministic_product(a.narrow(0, 3, 1), b), at::mm(a.narrow(0, 3, 1), b)), 1e-4);
  const Tensor c = at::randn({3, 5, 33}), d = at::randn({3, 33, 9});
  EXPECT_LT(test::max_abs_diff(deterministic_batch_product(c, d), at::bmm(c, d)), 1e-4);
}

TEST(Deterministic, ConvolutionsAreConvolutions) {
  const Tensor x = at::randn({2, 12, 9, 11}), bias = at::randn({7});
  const Tensor point = at::randn({7, 12, 1, 1}), square = at::randn({7, 12, 3, 3});
  const at::NoGradGuard no_grad;
  EXPECT_LT(test::max_abs_diff(convolution(x, point, bias, 1, 0), at::conv2d(x, point, bias)), 1e-4);
  EXPECT_LT(test::max_abs_diff(convolution(x, square, bias, 2, 1), at::conv2d(x, square, bias, 2, 1)), 1e-4);
}

TEST(Deterministic, ConvolutionsInTilesAreConvolutions) {
  const at::NoGradGuard no_grad;
  for (const int64_t side : {1, 3, 5})
    for (const int64_t stride : {1, 2})
      for (const int64_t padding : {int64_t{0}, side / 2}) {
        const Tensor x = at::randn({2, 20, 9, 13}), weight = at::randn({128, 20, side, side}) / side,
                     bias = at::randn({128});
        for (const Tensor& added : {Tensor(), bias})
          EXPECT_LT(test::max_abs_diff(convolution(x, weight, added, stride, padding),
                                       at::conv2d(x, weight, added, stride, padding)),
                    1e-4);
      }
}

TEST(Deterministic, ConvolutionsGiveAnImageTheSameBitsAloneAndInABatch) {
  const at::NoGradGuard no_grad;
  const Tensor x = at::randn({3, 64, 32, 32}), weight = at::randn({64, 64, 3, 3}), bias = at::randn({64});
  const Tensor together = convolution(x, weight, bias, 1, 1),
               alone = convolution(x.narrow(0, 1, 1), weight, bias, 1, 1);
  EXPECT_TRUE(at::equal(together.narrow(0, 1, 1), alone));
}

TEST(Deterministic, TheNetworkRoundsTheSameOnAnyNumberOfThreads) {
  UNetConfig config;
  config.channels = {16, 32, 64};
  config.attention = {false, false, true};
  config.head_channels = 32;
  config.norm_groups = 16;
  StateDict weights = init_unet(config, 1);
  for (auto& [name, tensor] : weights) tensor = tensor + 0.02 * at::randn_like(tensor);
  const Tensor x = at::randn({1, 1, 128, 128}), t = at::full({1}, 100, at::kLong);
  const at::NoGradGuard no_grad;
  const auto [one, two] = on_one_and_two_threads([&] { return unet_forward(config, weights, x, t); });
  EXPECT_GT(one.abs().max().item<double>(), 0.1);
  EXPECT_TRUE(at::equal(one, two)) << test::max_abs_diff(one, two);
}

TEST(Deterministic, LpipsRoundsTheSameOnAnyNumberOfThreads) {
  StateDict weights;
  for (const auto& [name, shape] : lpips_shapes(LpipsNet::Squeeze)) weights[name] = 0.1 * at::randn(shape).abs();
  const Lpips lpips(weights);
  const Tensor x = at::rand({1, 1, 96, 96}), y = at::rand({1, 1, 96, 96});
  const at::NoGradGuard no_grad;
  const auto [one, two] = on_one_and_two_threads([&] { return lpips.spatial(x, y); });
  EXPECT_TRUE(at::equal(one, two)) << test::max_abs_diff(one, two);
}

}  // namespace
}  // namespace thor
