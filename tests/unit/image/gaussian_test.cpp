// SPDX-License-Identifier: Apache-2.0
#include "thor/image/gaussian.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace thor {
namespace {

TEST(Border, RepeatsOrMirrorsTheOutermostValues) {
  const Tensor line = at::tensor({1.f, 2.f, 3.f}).view({1, 3});
  EXPECT_TRUE(at::equal(with_border(line, 1, 2, Border::Repeated)[0], at::tensor({1.f, 1.f, 1.f, 2.f, 3.f, 3.f, 3.f})));
  EXPECT_TRUE(at::equal(with_border(line, 1, 2, Border::Mirrored)[0], at::tensor({2.f, 1.f, 1.f, 2.f, 3.f, 3.f, 2.f})));
  EXPECT_TRUE(at::equal(with_border(at::tensor({1.f, 2.f}), 0, 3, Border::Mirrored),
                        at::tensor({2.f, 2.f, 1.f, 1.f, 2.f, 2.f, 1.f, 1.f})));
}

TEST(Gaussian, HasTheWeightsOfItsFormula) {
  const std::vector<double> weights = gaussian_weights(1.5, 6);
  ASSERT_EQ(weights.size(), 13u);
  double sum = 0;
  for (const double weight : weights) sum += weight;
  EXPECT_NEAR(sum, 1, 1e-12);
  for (int i = 0; i < 13; ++i) EXPECT_NEAR(weights[i] / weights[6], std::exp(-(i - 6) * (i - 6) / 4.5), 1e-12) << i;
}

TEST(Gaussian, SmoothsAPointToItsWeightsAlongOneAxis) {
  Tensor point = at::zeros({1, 9, 5});
  point[0][4][2] = 2;
  const std::vector<double> weights = gaussian_weights(1, 3);
  const Tensor smooth = smoothed_along(point, 1, weights, Border::Repeated);
  for (int i = 0; i < 7; ++i) EXPECT_NEAR(smooth[0][i + 1][2].item<double>(), 2 * weights[i], 1e-6) << i;
  EXPECT_EQ(smooth.select(2, 1).abs().max().item<float>(), 0);
}

TEST(Gaussian, AtTheBorderSeesWhatTheBorderSays) {
  const Tensor ramp = at::arange(5, at::kFloat);
  const std::vector<double> weights{0.25, 0.5, 0.25};
  EXPECT_FLOAT_EQ(smoothed_along(ramp, 0, weights, Border::Repeated)[4].item<float>(), 3.75f);
  EXPECT_FLOAT_EQ(smoothed_along(ramp, 0, {0, 0.25, 0.5, 0, 0.25}, Border::Mirrored)[4].item<float>(),
                  0.25f * 3 + 0.5f * 4 + 0.25f * 3);
}

}  // namespace
}  // namespace thor
