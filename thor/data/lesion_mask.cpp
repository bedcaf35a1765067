// SPDX-License-Identifier: Apache-2.0
#include "thor/data/lesion_mask.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/data/lesion_rule.h"

namespace thor {
namespace {

bool is_constant(const Tensor& values) { return values.min().equal(values.max()); }

/// What of an image the rule looks at; `note` tells where that is not what one sees.
Tensor mask_values(const Image& image, std::string& note) {
  if (image.labels.defined()) return image.labels;
  if (!image.opacity.defined() || !is_constant(image.voxels)) return image.voxels;
  note = "its mask is of one colour; what is not transparent counts as lesion";
  return image.opacity;
}

}  // namespace

LesionMask read_lesion_mask(const std::string& path) {
  const Image image = read_scan(path);
  LesionMask mask{Tensor(), image.geometry, image.medical, ""};
  const MarkedVoxels marked = with_context(fmt::format("reading the mask '{}'", path), [&] {
    return marked_voxels(mask_values(image, mask.note), image.full_scale > 0);
  });
  mask.voxels = marked.lesion;
  if (!marked.note.empty()) mask.note += (mask.note.empty() ? "" : "; ") + marked.note;
  return mask;
}

}  // namespace thor
