// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/truth.h"

#include <ATen/ATen.h>

#include "thor/data/mask_grid.h"
#include "thor/data/preprocess.h"

namespace thor {

Truth read_truth(const SplitRow& row, const Image& image) {
  if (row.mask.empty()) return {at::zeros(image.voxels.sizes()), ""};
  const LesionMask mask = read_lesion_mask(row.mask);
  const PlacedMask placed = place_mask(mask, row.mask, image);
  if (!mask.voxels.any().item<bool>()) return {placed.voxels, "its mask is empty; counts as healthy"};
  return {placed.voxels, placed.note};
}

int64_t lesion_pixels_of(const Tensor& mask) {
  constexpr int64_t kSizeGrid = 128;
  return mask_to_network_grid(mask, kSizeGrid).sum().item<int64_t>();
}

}  // namespace thor
