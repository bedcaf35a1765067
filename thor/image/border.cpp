// SPDX-License-Identifier: Apache-2.0
#include "thor/image/border.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace thor {

Tensor with_border(const Tensor& values, int64_t axis, int64_t radius, Border border) {
  const int64_t size = values.size(axis), period = 2 * size;
  Tensor sources = at::empty({size + 2 * radius}, at::kLong);
  int64_t* source = sources.data_ptr<int64_t>();
  for (int64_t i = -radius; i < size + radius; ++i, ++source) {
    const int64_t within = ((i % period) + period) % period;
    if (border == Border::Repeated)
      *source = std::clamp<int64_t>(i, 0, size - 1);
    else
      *source = within < size ? within : period - 1 - within;
  }
  return values.index_select(axis, sources.to(values.device()));
}

}  // namespace thor
