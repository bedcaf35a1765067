// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/scan_relative.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/detect/head_mask.h"

namespace thor {
namespace {

constexpr double kHeadFraction = 0.1;  // of the 98th percentile: brighter pixels belong to the head
constexpr double kTopShare = 0.01;     // of the region

/// Values of one image inside its region, in ascending order; float32 [M].
Tensor sorted_inside(const Tensor& map, const Tensor& region) { return std::get<0>(map.masked_select(region).sort()); }

/// The value with a fraction q of the sorted values at or below it.
double quantile_of_sorted(const Tensor& sorted, double q) {
  const auto last = sorted.numel() - 1;
  return sorted[std::clamp<int64_t>(static_cast<int64_t>(q * static_cast<double>(last)), 0, last)].item<double>();
}

}  // namespace

Names names_of(MapRegion) { return {"all", "head", "brain"}; }
Names names_of(ImageScore) { return {"mean", "top"}; }

void ScanRelative::describe(Fields& fields) {
  of_->describe(fields);
  fields.add("region", &region_, "pixels that the map is about; it is 0 elsewhere");
  fields.add("relative_to", &relative_to_, "divides the map by this quantile of itself over the region; 0 = not",
             between(0, 0.999));
  fields.add("score", &score_, "image score: mean of the map over the region, or of its top 1 %");
}

Tensor ScanRelative::region_of(const Context& context, const Images& images) const {
  if (region_ == MapRegion::Head) return head_mask(images.pixels, kHeadFraction);
  if (region_ == MapRegion::All) return at::ones_like(images.pixels, at::kBool);
  if (!context.usual)
    fail_usage(
        "detector.region is brain, but the model does not know where its training slices have the brain; 'thor pack' "
        "with `match_to` tells it");
  return context.usual(images).brain;
}

Detection ScanRelative::detect(const Context& context, const Images& images) const {
  Detection found = of_->detect(context, images);
  if (region_ == MapRegion::All && relative_to_ == 0 && score_ == ImageScore::Mean) return found;
  const Tensor region = region_of(context, images);
  found.map = at::where(region, found.map, at::zeros_like(found.map));
  found.score = at::zeros({found.map.size(0)}, found.map.options());
  for (int64_t i = 0; i < found.map.size(0); ++i) {  // one by one, so that nothing depends on the batch
    Tensor values = sorted_inside(found.map[i], region[i]);
    if (values.numel() == 0) continue;  // a black image
    if (const double scale = relative_to_ > 0 ? quantile_of_sorted(values, relative_to_) : 0; scale > 0) {
      found.map[i].div_(scale);
      values = values / scale;
    }
    const int64_t top = std::max<int64_t>(1, static_cast<int64_t>(kTopShare * static_cast<double>(values.numel())));
    const int64_t counted = score_ == ImageScore::Top ? top : values.numel();
    found.score[i] = values.narrow(0, values.numel() - counted, counted).mean();
  }
  if (region_ != MapRegion::All) found.region = region;
  return found;
}

}  // namespace thor
