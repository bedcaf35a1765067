// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/kernel/upsample.h"

#include <ATen/ATen.h>

#include "tests/support.h"

using namespace thor;
using test::max_abs_diff;

TEST(Upsample, AddsWhatTheLibraryMakesOfAMapInAnySize) {
  for (const auto& size : {std::pair<int64_t, int64_t>{7, 9}, {1, 1}, {31, 64}, {50, 3}}) {
    const Tensor map = at::rand({2, 1, size.first, size.second}), before = at::rand({2, 1, 40, 37});
    const Tensor total = before.clone();
    add_upsampled(map, total);
    EXPECT_LT(max_abs_diff(total, before + at::upsample_bilinear2d(map.to(at::kDouble), {40, 37}, false)), 1e-6)
        << size.first;
  }
}
