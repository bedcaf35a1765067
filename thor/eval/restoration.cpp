// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/restoration.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <limits>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/eval/lesions.h"
#include "thor/pipeline/pipeline.h"

namespace thor {
namespace {

constexpr int64_t kSsimWindow = 7, kSmallestForLpips = 32;
constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

double mean_where(const Tensor& values, const Tensor& chosen) {  // [H,W], bool [H,W]
  const Tensor inside = values.masked_select(chosen);
  return inside.numel() > 0 ? inside.to(at::kDouble).mean().item<double>() : kNotMeasured;
}

Tensor as_batch(const Tensor& image) { return image.view({1, 1, image.size(0), image.size(1)}); }

/// Grown by half an SSIM window: [H,W], bool [H,W] -> bool [H,W]
Tensor windows_touching(const Tensor& lesion) {
  return at::max_pool2d(as_batch(lesion.to(at::kFloat)), {kSsimWindow, kSsimWindow}, {1, 1},
                        {kSsimWindow / 2, kSsimWindow / 2})[0][0]
      .gt(0);
}

}  // namespace

Tensor inside_dark_border(const Tensor& image) {
  const Tensor dark = image.le(kBackground);
  const Components parts = connected_components(dark);
  const Tensor labels = at::tensor(parts.labels, at::kLong).view(image.sizes());
  const Tensor at_border = at::cat({labels[0], labels[-1], labels.select(1, 0), labels.select(1, -1)});
  std::vector<bool> outside(parts.sizes.size() + 1, false);
  const int64_t* label = at_border.data_ptr<int64_t>();
  for (int64_t i = 0; i < at_border.numel(); ++i) outside[static_cast<size_t>(label[i])] = label[i] > 0;
  Tensor head = at::empty(image.sizes(), at::kBool);
  bool* in_head = head.data_ptr<bool>();
  for (size_t i = 0; i < parts.labels.size(); ++i) in_head[i] = !outside[static_cast<size_t>(parts.labels[i])];
  return head;
}

double changed_share(const Tensor& image, const Tensor& pseudo_healthy, const Tensor& lesion) {
  const Tensor changed = (image - pseudo_healthy).abs().gt(kChangeThatShows);
  return mean_where(changed, lesion.le(0).logical_and(inside_dark_border(image)));
}

RestorationMeter::RestorationMeter() {
  const std::string path = thor_home() + "/lpips-alex.safetensors";
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored))
    lpips_ = std::make_shared<Lpips>(load_lpips(path));
  else
    log_once(LogLevel::Info, fmt::format("no LPIPS-alex of restorations: no weights at '{}'; 'thor import' puts them "
                                         "there (`as` lpips-alex)",
                                         path));
}

CaseRestoration RestorationMeter::measure(const Tensor& image, const Tensor& pseudo_healthy,
                                          const Tensor& lesion) const {
  if (image.dim() != 2 || image.sizes() != pseudo_healthy.sizes() || image.sizes() != lesion.sizes())
    fail(ErrorKind::Internal, "image {}, pseudo-healthy image {} and lesion {} are not three [H,W] of one size",
         shape_text(image.sizes()), shape_text(pseudo_healthy.sizes()), shape_text(lesion.sizes()));
  const Tensor x = image.to(at::kFloat).contiguous(), y = pseudo_healthy.to(at::kFloat).contiguous();
  const Tensor healthy = lesion.le(0), difference = (x - y).abs();
  const int64_t side = std::min(x.size(0), x.size(1));
  CaseRestoration result;
  result.mae = mean_where(difference, healthy);
  result.changed_share = changed_share(x, y, lesion);
  result.ssim = side < kSsimWindow ? kNotMeasured
                                   : mean_where(1 - ssim_distance(as_batch(x), as_batch(y))[0][0],
                                                windows_touching(lesion.gt(0)).logical_not());
  result.lpips_alex = !lpips_ || side < kSmallestForLpips
                          ? kNotMeasured
                          : mean_where(lpips_->spatial(as_batch(x), as_batch(y))[0][0], healthy);
  return result;
}

}  // namespace thor
