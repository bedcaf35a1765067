// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/unit_features.h"

#include <ATen/ATen.h>

#include "tests/support.h"

using namespace thor;
using test::max_abs_diff;

TEST(UnitFeatures, AreTheSameInEveryMemoryFormat) {
  const at::NoGradGuard no_grad;
  const Tensor x = at::randn({2, 48, 5, 3}), y = at::randn({2, 48, 5, 3}), head = at::rand({48});
  const auto last = [](const Tensor& t) { return t.contiguous(at::MemoryFormat::ChannelsLast); };
  const Tensor unit = unit_over_channels(last(x));
  EXPECT_LT(max_abs_diff(unit, x / x.square().sum(1, true).sqrt()), 1e-6);
  EXPECT_LT(max_abs_diff(unit, unit_over_channels(x)), 1e-6);
  EXPECT_LT(max_abs_diff(headed_distance(unit, last(y), head), headed_distance(unit, y, head)), 1e-5);
}

TEST(UnitFeatures, EqualFeaturesAreNothingApartAndNoFeaturesAreNoNumberTooMany) {
  const at::NoGradGuard no_grad;
  const Tensor x = at::randn({1, 64, 9, 9}).contiguous(at::MemoryFormat::ChannelsLast), head = at::rand({64});
  EXPECT_EQ(headed_distance(unit_over_channels(x), x, head).abs().max().item<float>(), 0);
  const Tensor none = at::zeros_like(x);
  EXPECT_EQ(headed_distance(unit_over_channels(none), none, head).abs().max().item<float>(), 0);
}
