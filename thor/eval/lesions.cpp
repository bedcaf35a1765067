// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/lesions.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"
#include "thor/pipeline/mask_runs.h"

namespace thor {
namespace {

/// Size of a picture, of depth 1, or of a volume.
struct Extent {
  int64_t depth = 1, height = 1, width = 1;
};

Extent extent_of(const Tensor& mask) {
  if (mask.dim() == 2) return {1, mask.size(0), mask.size(1)};
  return {mask.size(0), mask.size(1), mask.size(2)};
}

/// Calls visit(neighbour) for the up to eight neighbours of a pixel, or 26 of a voxel.
template <class Visit>
void each_neighbour(int64_t pixel, const Extent& in, Visit visit) {
  const int64_t area = in.height * in.width, slice = pixel / area;
  const int64_t row = pixel % area / in.width, column = pixel % in.width;
  for (int64_t z = std::max<int64_t>(slice - 1, 0); z <= std::min(slice + 1, in.depth - 1); ++z)
    for (int64_t r = std::max<int64_t>(row - 1, 0); r <= std::min(row + 1, in.height - 1); ++r)
      for (int64_t c = std::max<int64_t>(column - 1, 0); c <= std::min(column + 1, in.width - 1); ++c)
        if (z != slice || r != row || c != column) visit(z * area + r * in.width + c);
}

std::vector<bool> pixels_inside(const Tensor& mask) {
  const Tensor inside = mask.gt(0).contiguous();
  const bool* first = inside.data_ptr<bool>();
  return std::vector<bool>(first, first + inside.numel());
}

/// Pixels that are switched on one by one, and the parts they form (union-find).
class GrowingParts {
 public:
  GrowingParts(const std::vector<bool>& lesion, const Extent& extent)
      : lesion_(lesion), extent_(extent), parent_(lesion.size(), kOff), touches_lesion_(lesion.size()) {}

  void switch_on(int64_t pixel) {
    const auto place = static_cast<size_t>(pixel);
    parent_[place] = pixel;
    touches_lesion_[place] = lesion_[place];
    if (!lesion_[place]) ++clean_;
    each_neighbour(pixel, extent_, [&](int64_t neighbour) {
      if (parent_[static_cast<size_t>(neighbour)] != kOff) join(pixel, neighbour);
    });
  }
  /// Parts without a lesion pixel.
  int64_t clean() const { return clean_; }

 private:
  static constexpr int64_t kOff = -1;

  size_t root(int64_t pixel) {
    auto at = static_cast<size_t>(pixel);
    while (parent_[at] != static_cast<int64_t>(at)) {
      parent_[at] = parent_[static_cast<size_t>(parent_[at])];
      at = static_cast<size_t>(parent_[at]);
    }
    return at;
  }

  void join(int64_t a, int64_t b) {
    const size_t low = std::min(root(a), root(b)), high = std::max(root(a), root(b));
    if (low == high) return;
    if (!touches_lesion_[low] || !touches_lesion_[high]) --clean_;
    touches_lesion_[low] = touches_lesion_[low] || touches_lesion_[high];
    parent_[high] = static_cast<int64_t>(low);
  }

  const std::vector<bool>& lesion_;
  Extent extent_;
  std::vector<int64_t> parent_;
  std::vector<bool> touches_lesion_;
  int64_t clean_ = 0;
};

/// Pixels that exceed exactly k thresholds, by k.
std::vector<std::vector<int64_t>> by_level(const std::vector<size_t>& levels, size_t count) {
  std::vector<std::vector<int64_t>> pixels(count + 1);
  for (size_t i = 0; i < levels.size(); ++i) pixels[levels[i]].push_back(static_cast<int64_t>(i));
  return pixels;
}

/// Lesions found at each threshold.
std::vector<int64_t> lesions_found(const Components& lesions, const std::vector<size_t>& levels, size_t thresholds,
                                   double overlap) {
  std::vector<std::vector<int64_t>> above(lesions.sizes.size(), std::vector<int64_t>(thresholds + 1, 0));
  for (size_t i = 0; i < levels.size(); ++i)
    if (lesions.labels[i] > 0) ++above[static_cast<size_t>(lesions.labels[i] - 1)][levels[i]];
  std::vector<int64_t> found(thresholds, 0);
  for (size_t lesion = 0; lesion < above.size(); ++lesion) {
    // A share of 0.1 of 30 pixels is 3 pixels, whatever the rounding.
    const double needed = std::max(1.0, std::ceil(overlap * static_cast<double>(lesions.sizes[lesion]) - 1e-9));
    int64_t pixels = 0;
    for (size_t k = thresholds; k-- > 0;) {
      pixels += above[lesion][k + 1];
      if (static_cast<double>(pixels) >= needed) ++found[k];
    }
  }
  return found;
}

}  // namespace

Components connected_components(const Tensor& mask) {
  const Extent extent = extent_of(mask);
  const Tensor inside = mask.gt(0).to(at::kByte).contiguous().view({extent.depth, extent.height, extent.width});
  const std::vector<MaskRun> runs = connected_runs(inside);
  Components components;
  components.labels.assign(static_cast<size_t>(mask.numel()), 0);
  std::vector<int64_t> label_of(runs.size(), 0);  // by the index of a component's first run
  for (const MaskRun& run : runs) {
    int64_t& label = label_of[run.component];
    if (label == 0) {
      components.sizes.push_back(0);
      label = components.count();
    }
    components.sizes[static_cast<size_t>(label - 1)] += run.end - run.begin;
    const auto row = components.labels.begin() + (run.z * extent.height + run.y) * extent.width;
    std::fill(row + run.begin, row + run.end, label);
  }
  return components;
}

std::vector<size_t> exceeded_thresholds(const Tensor& map, const std::vector<double>& thresholds) {
  const Tensor flat = map.to(at::kFloat).contiguous();
  const float* value = flat.data_ptr<float>();
  std::vector<size_t> levels;
  levels.reserve(static_cast<size_t>(flat.numel()));
  for (int64_t i = 0; i < flat.numel(); ++i)
    levels.push_back(static_cast<size_t>(
        std::lower_bound(thresholds.begin(), thresholds.end(), static_cast<double>(value[i])) - thresholds.begin()));
  return levels;
}

LesionCounts count_lesions(const Tensor& map, const Tensor& truth, const std::vector<double>& thresholds,
                           double overlap) {
  if ((map.dim() != 2 && map.dim() != 3) || map.sizes() != truth.sizes())
    fail(ErrorKind::Internal, "map {} and truth {} are not two [H,W] or [D,H,W] of one size", shape_text(map.sizes()),
         shape_text(truth.sizes()));
  const auto levels = exceeded_thresholds(map, thresholds);
  const Components lesions = connected_components(truth);
  LesionCounts counts;
  counts.lesions = lesions.count();
  counts.found = lesions_found(lesions, levels, thresholds.size(), overlap);
  counts.false_alarms.assign(thresholds.size(), 0);
  const std::vector<bool> inside = pixels_inside(truth);
  GrowingParts parts(inside, extent_of(map));
  const auto pixels = by_level(levels, thresholds.size());
  for (size_t k = thresholds.size(); k-- > 0;) {
    for (const int64_t pixel : pixels[k + 1]) parts.switch_on(pixel);
    counts.false_alarms[k] = parts.clean();
  }
  return counts;
}

}  // namespace thor
