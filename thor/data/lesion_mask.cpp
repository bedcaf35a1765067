// SPDX-License-Identifier: Apache-2.0
#include "thor/data/lesion_mask.h"

#include <ATen/ATen.h>

namespace thor {

LesionMask read_lesion_mask(const std::string& path) {
  const Image image = read_scan(path);
  const Tensor inside = image.voxels.masked_select(image.voxels.gt(0));
  LesionMask mask{image.voxels.gt(0).to(at::kFloat), image.geometry, image.medical, ""};
  if (inside.numel() > 0 && inside.min().item<float>() != inside.max().item<float>())
    mask.note = "its mask has more than two values; all above 0 count as lesion";
  return mask;
}

}  // namespace thor
