// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "thor/data/preprocess.h"

namespace thor {
namespace {

TEST(MaskGrid, TheWayBackCropsThePaddingAndTakesTheNearestPixel) {
  Tensor mask = at::zeros({4, 4});
  mask[1][0] = 1;
  const Tensor native = mask_to_native_grid(mask, 4, 8);  // padded to 8 x 8, two rows above and below
  Tensor expected = at::zeros({4, 8});
  expected.narrow(0, 0, 2).narrow(1, 0, 2).fill_(1);
  EXPECT_TRUE(at::equal(native, expected)) << native;
}

TEST(MaskGrid, ThereAndBackAgainIsTheSameMaskWhereTheGridIsFineEnough) {
  Tensor mask = at::zeros({31, 20});
  mask.narrow(0, 3, 9).narrow(1, 5, 4).fill_(1);
  mask[30][19] = 1;
  for (const int64_t size : {31, 62, 93})
    EXPECT_TRUE(at::equal(mask_to_native_grid(mask_to_network_grid(mask, size), 31, 20), mask)) << size;
}

}  // namespace
}  // namespace thor
