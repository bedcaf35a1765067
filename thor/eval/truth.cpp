// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/truth.h"

#include <ATen/ATen.h>

#include "thor/data/preprocess.h"
#include "thor/image/image.h"

namespace thor {

Truth read_truth(const SplitRow& row, int64_t height, int64_t width) {
  if (row.mask.empty()) return {at::zeros({height, width}), ""};
  const Tensor voxels = read_image(row.mask).voxels[0];  // [H,W]
  if (voxels.size(0) != height || voxels.size(1) != width)
    fail_input("its mask '{}' is {}, its image [{}, {}]; both must have one size", row.mask, shape_text(voxels.sizes()),
               height, width);
  const Tensor inside = voxels.masked_select(voxels.gt(0));
  Truth truth{voxels.gt(0).to(at::kFloat), ""};
  if (inside.numel() == 0)
    truth.note = "its mask is empty; counts as healthy";
  else if (inside.min().item<float>() != inside.max().item<float>())
    truth.note = "its mask has more than two values; all above 0 count as lesion";
  return truth;
}

int64_t lesion_pixels_of(const Tensor& mask) {
  constexpr int64_t kSizeGrid = 128;
  return mask_to_network_grid(mask, kSizeGrid).sum().item<int64_t>();
}

}  // namespace thor
