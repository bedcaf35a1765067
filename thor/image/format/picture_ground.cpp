// SPDX-License-Identifier: Apache-2.0
// Pictures with transparent pixels and with palettes.
#include <ATen/ATen.h>

#include "thor/base/log.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

/// True where the colours of a palette name classes: colours on a black or transparent first one, or all the same. A
/// palette of grays is a scale, whose colours are the values.
bool paints_classes(const Palette& palette, const std::array<bool, 256>& used) {
  bool grays = true, all_same = true;
  size_t first = 256, count = 0;
  for (size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) continue;
    if (++count == 1) first = i;
    const PaletteColour &one = palette[i], &other = palette[first];
    grays = grays && one.red == one.green && one.green == one.blue;
    all_same = all_same && one.red == other.red && one.green == other.green && one.blue == other.blue;
  }
  if (count < 2) return false;
  const PaletteColour& ground = palette[0];
  return all_same || (!grays && (ground.alpha == 0 || (ground.red == 0 && ground.green == 0 && ground.blue == 0)));
}

}  // namespace

void paint(Image& image, const std::vector<uint8_t>& indices, int64_t height, int64_t width, const Palette& palette) {
  std::array<bool, 256> used{};
  for (const uint8_t index : indices) used[index] = true;
  std::array<float, 256> gray{};
  for (size_t i = 0; i < used.size(); ++i)
    if (used[i]) luminance(&palette[i].red, 1, 3, &gray[i]);
  image.voxels = empty_slice(height, width);
  Tensor opacity = empty_slice(height, width);
  for (size_t i = 0; i < indices.size(); ++i) {
    image.voxels.data_ptr<float>()[i] = gray[indices[i]];
    opacity.data_ptr<float>()[i] = static_cast<float>(palette[indices[i]].alpha) / 255;
  }
  image.full_scale = 255;
  if (paints_classes(palette, used)) {
    image.labels = empty_slice(height, width);
    for (size_t i = 0; i < indices.size(); ++i) image.labels.data_ptr<float>()[i] = indices[i];
  }
  put_on_black(image, opacity, false);
}

void put_on_black(Image& image, const Tensor& opacity, bool is_done) {
  const Tensor clear = opacity.lt(1);
  if (!clear.any().item<bool>()) return;
  image.opacity = opacity;
  if (is_done) return;
  const Tensor seen = clear.logical_and(image.voxels.ne(0));
  image.voxels = image.voxels * opacity;
  if (const auto changed = seen.sum().item<int64_t>(); changed > 0)
    warn("{:.2g} % of its pixels are transparent, at least in part; they are read as they look on black",
         100.0 * static_cast<double>(changed) / static_cast<double>(seen.numel()));
}

}  // namespace thor
