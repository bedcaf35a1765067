// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/stripping.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace thor {
namespace {

const Tensor slice = at::full({112, 112}, 0.5, at::kFloat);

Tensor brain() {
  Tensor mask = at::zeros({112, 112}, at::kByte);
  mask.narrow(0, 30, 50).narrow(1, 40, 30).fill_(1);
  return mask;
}

StreamKey key(uint64_t image) { return {0, image, 0, Purpose::Strip, 0}; }

TEST(Stripping, TakesAwayWhatLiesFarFromTheBrainInTheShareOfSlicesAskedForAndAPartInSomeOfThem) {
  int stripped = 0, partly = 0;
  for (uint64_t image = 0; image < 300; ++image) {
    const Tensor result = strip_skull(0.5, slice, brain(), key(image));
    if (result.equal(slice)) continue;
    ++stripped;
    const Tensor core = result.narrow(0, 31, 48).narrow(1, 41, 28);
    EXPECT_TRUE(core.eq(0.5).all().item<bool>()) << "the brain itself changed";
    const Tensor far = at::cat({result.narrow(0, 0, 26).flatten(), result.narrow(0, 84, 28).flatten()});
    partly += far.gt(0).any().item<bool>() ? 1 : 0;
  }
  EXPECT_NEAR(stripped, 150, 30);
  EXPECT_NEAR(partly, stripped / 3, 25);
}

TEST(Stripping, IsAPureFunctionOfItsKey) {
  EXPECT_TRUE(strip_skull(1, slice, brain(), key(5)).equal(strip_skull(1, slice, brain(), key(5))));
  EXPECT_FALSE(strip_skull(1, slice, brain(), key(5)).equal(slice));
}

TEST(Stripping, LeavesASliceAloneWhoseBrainIsNotKnownOrNearlyAbsent) {
  EXPECT_TRUE(strip_skull(1, slice, at::zeros({112, 112}, at::kByte), key(5)).equal(slice));
  Tensor little = at::zeros({112, 112}, at::kByte);
  little.narrow(0, 50, 5).narrow(1, 50, 5).fill_(1);
  EXPECT_TRUE(strip_skull(1, slice, little, key(5)).equal(slice));
}

}  // namespace
}  // namespace thor
