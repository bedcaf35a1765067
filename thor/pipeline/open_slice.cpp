// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/open_slice.h"

#include <ATen/ATen.h>

#include "thor/data/slice_orientation.h"

namespace thor {

OpenSlice open_slice(const Model& model, const Image& image) {
  const PreprocessConfig& config = model.config.preprocess;
  OpenSlice one;
  one.order = slice_order(image, config.steps);
  const Image laid = reorient(image, one.order);
  const PreparedSlice prepared = preprocess(config, laid);
  one.tones = match_tissue(model.tissue, config.landmarks, {prepared.unit}, {config.picture_height()});
  one.slice = {one.tones.apply(prepared.unit), {content_id(laid), 0}, config.picture_height()};
  one.height = prepared.height;
  one.width = prepared.width;
  one.black = prepared.black;
  one.white = prepared.white;
  one.gray = in_window(image.voxels[0], {one.black, one.white}).mul(255).round().to(at::kByte);
  one.geometry = image.geometry;
  one.medical = image.medical;
  return one;
}

StoredSlice as_stored(const OpenSlice& one, const SliceFinding& finding, std::optional<double> threshold) {
  const auto back = [&](const Tensor& turned) {  // [H,W]
    Image image;
    image.voxels = turned.unsqueeze(0);
    return reorient(image, inverse(one.order)).voxels[0];
  };
  StoredSlice stored;
  stored.map = back(to_native_grid(finding.map, one.height, one.width));
  stored.pseudo_healthy = back(to_native_grid(one.tones.undo(finding.pseudo_healthy), one.height, one.width));
  if (threshold) stored.mask = back(mask_to_native_grid(finding.map.gt(*threshold), one.height, one.width));
  return stored;
}

}  // namespace thor
