// SPDX-License-Identifier: Apache-2.0
#include "thor/cli/self_check.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace thor {
namespace {

TEST(SelfCheck, PassesInBothPrecisions) {
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const SelfCheck check = self_check(at::kCPU, type);
    EXPECT_TRUE(check.ok()) << "off by " << check.error << ", allowed " << check.tolerance;
  }
}

TEST(SelfCheck, NoticesWhatBfloat16Changes) {
  EXPECT_GT(self_check(at::kCPU, at::kBFloat16).error, self_check(at::kCPU, at::kFloat).tolerance);
}

TEST(SelfCheck, FailsWhenTheErrorIsNotANumber) {
  SelfCheck check;
  check.tolerance = 1;
  check.error = std::nan("");
  EXPECT_FALSE(check.ok());
}

TEST(SelfCheck, UsesANetworkWhoseOutputIsNotConstant) {
  EXPECT_GT(run_tiny_network(at::kCPU, at::kFloat).std().item<double>(), 0.1);
}

}  // namespace
}  // namespace thor
