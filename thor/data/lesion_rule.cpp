// SPDX-License-Identifier: Apache-2.0
#include "thor/data/lesion_rule.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "thor/base/error.h"

namespace thor {
namespace {

constexpr float kIgnored = 255, kLargestLabel = 32;
constexpr size_t kMostValues = 4096;
constexpr size_t kMostLabels = 128;  // more values than that are levels of an enlarged soft mask

/// The distinct values of a mask in rising order, at most kMostValues of them.
struct Values {
  std::vector<float> distinct;
  bool all_listed = true, whole = true;
  float low = 0, high = 0;

  explicit Values(const Tensor& mask) {
    const float* at = mask.data_ptr<float>();
    low = high = at[0];
    for (int64_t i = 0; i < mask.numel(); ++i) {
      const float value = at[i];
      if (i > 0 && value == at[i - 1]) continue;
      low = std::min(low, value), high = std::max(high, value);
      whole = whole && value == std::floor(value);
      if (!all_listed) continue;
      const auto place = std::lower_bound(distinct.begin(), distinct.end(), value);
      if (place != distinct.end() && *place == value) continue;
      if (distinct.size() < kMostValues)
        distinct.insert(place, value);
      else
        all_listed = false;
    }
  }

  size_t count() const { return distinct.size(); }
  /// "1, 2, 4" or "1 to 37"; without 0.
  std::string text() const {
    constexpr size_t kShown = 8;
    std::vector<float> shown;
    for (const float value : distinct)
      if (value != 0) shown.push_back(value);
    return shown.size() <= kShown ? fmt::format("{}", fmt::join(shown, ", "))
                                  : fmt::format("{} to {}", shown.front(), shown.back());
  }
};

/// True where most values above 0 have a pixel whose four neighbours in the slice have the same.
bool values_fill_areas(const Tensor& mask, const Values& values) {
  if (values.count() > kMostLabels) return false;
  const int64_t depth = mask.size(0), height = mask.size(1), width = mask.size(2);
  const float* at = mask.data_ptr<float>();
  std::vector<char> fills(values.count(), 0);
  for (int64_t z = 0; z < depth; ++z)
    for (int64_t y = 1; y + 1 < height; ++y)
      for (int64_t x = 1; x + 1 < width; ++x) {
        const float* here = at + (z * height + y) * width + x;
        const float value = *here;
        if (value <= 0 || here[-1] != value || here[1] != value || here[-width] != value || here[width] != value)
          continue;
        fills[std::lower_bound(values.distinct.begin(), values.distinct.end(), value) - values.distinct.begin()] = 1;
      }
  const auto above = std::count_if(values.distinct.begin(), values.distinct.end(), [](float v) { return v > 0; });
  return 2 * std::count(fills.begin(), fills.end(), 1) > above;
}

/// True where 255 stands beside labels and at least one of them is above 0.
bool has_ignored(const Values& values) {
  if (!values.whole || !values.all_listed || values.high != kIgnored || values.count() < 3) return false;
  const float next = values.distinct[values.count() - 2];
  return next > 0 && next <= kLargestLabel;
}

/// The rule for what has values above 0.
MarkedVoxels by_values(const Tensor& mask, bool integers) {
  const Values values(mask);
  if (values.high <= 0) return {at::zeros_like(mask), ""};
  if (values.count() == 1)
    fail_input("its mask has the value {} everywhere, so it marks nothing; store 0 where there is no lesion",
               values.high);
  if (values.count() == 2 && values.all_listed)
    return {mask.eq(values.high).to(at::kFloat),
            values.low == 0 ? ""
                            : fmt::format("its mask has the values {} and {}; {} counts as lesion", values.low,
                                          values.high, values.high)};
  if (has_ignored(values)) {
    MarkedVoxels marked{mask.gt(0).logical_and(mask.ne(kIgnored)).to(at::kFloat), ""};
    marked.note = fmt::format(
        "its mask has labels {}; 255 is taken as 'undecided' and counts as healthy, the others count as lesion",
        values.text());
    return marked;
  }
  const bool small_labels = values.whole && values.high <= kLargestLabel;
  if (small_labels || ((integers || values.whole) && values_fill_areas(mask, values)))
    return {mask.gt(0).to(at::kFloat),
            fmt::format("its mask has more than two values; each label counts as lesion ({})", values.text())};
  return {mask.ge(values.high / 2).to(at::kFloat),
          fmt::format("its mask has more than two values; those from {:.4g}, half of the largest, count as lesion",
                      values.high / 2)};
}

/// Negative values are small overshoots of an interpolation, or labels of what is unknown.
Tensor without_negatives(const Tensor& values) {
  constexpr float kOvershoot = 0.25;
  const Tensor clean = at::nan_to_num(values.to(at::kFloat), 0, 0, 0).contiguous();
  const float low = clean.min().item<float>(), high = clean.max().item<float>();
  if (low >= 0) return clean;
  const bool labels = low >= -kLargestLabel && high <= kLargestLabel && clean.eq(clean.floor()).all().item<bool>();
  if (!labels && -low > kOvershoot * high)
    fail_input("its mask has values from {:.4g} to {:.4g}; store 0 where there is no lesion and 1 where there is one",
               low, high);
  return clean.clamp_min(0);
}

/// True where every slice that is marked at all is marked on its whole border.
bool marks_all_borders(const Tensor& mask) {
  const Tensor lesion = mask.index({mask.gt(0).any(2).any(1)});
  const Tensor sides =
      at::cat({lesion.select(1, 0), lesion.select(1, -1), lesion.select(2, 0), lesion.select(2, -1)}, 1);
  return sides.gt(0).all().item<bool>();
}

}  // namespace

MarkedVoxels marked_voxels(const Tensor& values, bool integers) {
  MarkedVoxels marked = by_values(without_negatives(values), integers);
  const double share = marked.lesion.mean(at::kDouble).item<double>();
  if (share <= 0.5) return marked;
  if (marks_all_borders(marked.lesion))
    fail_input(
        "its mask marks {:.0f} % of the image and all of its border, so it seems to be inverted; store the lesion as "
        "the larger value",
        100 * share);
  marked.note += fmt::format("{}its mask covers {:.0f} % of the image; is it inverted?",
                             marked.note.empty() ? "" : "; ", 100 * share);
  return marked;
}

}  // namespace thor
