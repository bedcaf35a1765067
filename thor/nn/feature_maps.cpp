// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/feature_maps.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/nn/kernel/upsample.h"
#include "thor/nn/perceptual.h"
#include "thor/nn/unit_features.h"

namespace thor {

Tensor sum_at_size(const std::vector<Tensor>& maps, int64_t height, int64_t width) {
  Tensor total = at::zeros({maps.at(0).size(0), 1, height, width}, maps[0].options());
  for (size_t i = 0; i < maps.size(); ++i) {
    Tensor map = maps[i];
    while (i + 1 < maps.size() && maps[i + 1].sizes() == map.sizes()) map = map + maps[++i];
    if (map.is_cpu() && map.scalar_type() == at::kFloat && !at::GradMode::is_enabled())
      add_upsampled(map.contiguous(), total);
    else
      total = total + at::upsample_bilinear2d(map, {height, width}, false);
  }
  return total;
}

Tensor feature_distance(const std::vector<Tensor>& a, const std::vector<Tensor>& b, int64_t height, int64_t width) {
  if (a.empty() || a.size() != b.size())
    fail(ErrorKind::Internal, "feature distance of {} and {} feature maps", a.size(), b.size());
  std::vector<Tensor> distances;
  for (size_t i = 0; i < a.size(); ++i)
    distances.push_back((unit_over_channels(a[i]) - unit_over_channels(b[i])).square().sum(1, true));  // [N,1,h,w]
  return sum_at_size(distances, height, width);
}

}  // namespace thor
