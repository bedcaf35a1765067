// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/growth.h"

#include <ATen/ATen.h>

#include <cmath>
#include <queue>
#include <utility>
#include <vector>

#include "thor/base/error.h"

namespace thor {

Tensor grow_region(const Tensor& cost, const Growth& growth) {
  const int64_t height = cost.size(0), width = cost.size(1);
  if (growth.seed < 0 || growth.seed >= height * width)
    fail(ErrorKind::Internal, "a region is to grow from pixel {} of {}", growth.seed, shape_text(cost.sizes()));
  using Arrival = std::pair<double, int64_t>;  // when, where; of equal times the first pixel, so that it is one order
  std::priority_queue<Arrival, std::vector<Arrival>, std::greater<>> open;
  open.push({0, growth.seed});
  const auto costs = cost.accessor<float, 2>();
  Tensor region = at::zeros_like(cost);
  auto out = region.accessor<float, 2>();
  for (int64_t taken = 0; taken < growth.pixels && !open.empty();) {
    const auto [time, place] = open.top();
    open.pop();
    const int64_t row = place / width, column = place % width;
    if (out[row][column] > 0) continue;
    out[row][column] = 1;
    ++taken;
    for (const auto& [r, c] : {std::pair{row - 1, column}, {row + 1, column}, {row, column - 1}, {row, column + 1}})
      if (r >= 0 && r < height && c >= 0 && c < width && out[r][c] == 0 && std::isfinite(costs[r][c]))
        open.push({time + costs[r][c], r * width + c});
  }
  return region;
}

}  // namespace thor
