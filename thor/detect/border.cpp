// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/border.h"

#include <ATen/ATen.h>

namespace thor {

Tensor mirrored_border(const Tensor& images, int64_t axis, int64_t radius) {
  const int64_t size = images.size(axis), period = 2 * size;
  Tensor sources = at::empty({size + 2 * radius}, at::kLong);
  for (int64_t i = -radius; i < size + radius; ++i) {
    const int64_t within = ((i % period) + period) % period;
    sources.data_ptr<int64_t>()[i + radius] = within < size ? within : period - 1 - within;
  }
  return images.index_select(axis, sources.to(images.device()));
}

}  // namespace thor
