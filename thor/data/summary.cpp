// SPDX-License-Identifier: Apache-2.0
#include "thor/data/summary.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"

namespace thor {
namespace {

constexpr double kForeground = 0.05;       // of the image's range above its minimum
constexpr int64_t kBins = 4096;            // of the unit range
constexpr double kLeastForeground = 0.01;  // of an image's pixels, for its quantiles to mean anything
constexpr double kUsualSpread = 0.2;       // of a quantile among images of one kind
constexpr double kQuantiles[] = {0.05, 0.25, 0.5, 0.75, 0.95};

/// The value below which a share of a histogram over [0,1] lies.
double quantile_of(const Tensor& histogram, double share) {  // [kBins]
  const Tensor below = histogram.cumsum(0);
  const double wanted = share * below[-1].item<double>();
  const int64_t bin = below.lt(wanted).sum().item<int64_t>();
  return (static_cast<double>(std::min(bin, kBins - 1)) + 0.5) / kBins;
}

std::vector<double> quantiles_of(const Tensor& histogram) {
  std::vector<double> quantiles;
  for (const double share : kQuantiles) quantiles.push_back(quantile_of(histogram, share));
  return quantiles;
}

/// Widens the intervals of a summary so that they hold one more image.
void widen(DataSummary& summary, const std::vector<double>& quantiles) {
  if (summary.smallest_quantiles.empty()) summary.smallest_quantiles = summary.largest_quantiles = quantiles;
  for (size_t i = 0; i < quantiles.size(); ++i) {
    summary.smallest_quantiles[i] = std::min(summary.smallest_quantiles[i], quantiles[i]);
    summary.largest_quantiles[i] = std::max(summary.largest_quantiles[i], quantiles[i]);
  }
}

std::vector<double> numbers(const nlohmann::json& stored, size_t count) {
  const auto list = stored.get<std::vector<double>>();
  if (list.size() != count)
    fail_input("the summary of the training data has {} numbers where {} belong", list.size(), count);
  return list;
}

}  // namespace

Tensor foreground_of(const Tensor& image) {
  const double low = image.min().item<float>(), high = image.max().item<float>();
  return image.gt(low + kForeground * (high - low));
}

DataSummary summarize(const Tensor& slices) {
  if (slices.dim() != 3 || slices.size(0) < 1)
    fail(ErrorKind::Internal, "images to summarize are {}, expected [N,H,W]", shape_text(slices.sizes()));
  Tensor histogram = at::zeros({kBins}, at::kDouble), means = at::zeros({kBins}, at::kDouble);
  DataSummary summary;
  for (int64_t i = 0; i < slices.size(0); ++i) {
    const Tensor image = slices[i];
    const Tensor own = at::histc(image.masked_select(foreground_of(image)), kBins, 0, 1).to(at::kDouble);
    if (own.sum().item<double>() >= kLeastForeground * static_cast<double>(image.numel()))
      widen(summary, quantiles_of(own));
    histogram += own;
    means += at::histc(image.mean().view({1}), kBins, 0, 1).to(at::kDouble);
  }
  summary.images = slices.size(0);
  summary.foreground_share = histogram.sum().item<double>() / static_cast<double>(slices.numel());
  summary.foreground_quantiles = quantiles_of(histogram);
  for (const double share : {0.05, 0.5, 0.95}) summary.image_means.push_back(quantile_of(means, share));
  return summary;
}

double distance_from(const DataSummary& trained, const DataSummary& image) {
  double farthest = 0;
  for (size_t i = 0; i < image.foreground_quantiles.size(); ++i) {
    const double here = image.foreground_quantiles[i], usual = trained.foreground_quantiles[i];
    const bool known = !trained.smallest_quantiles.empty();
    const double low = std::min(usual - kUsualSpread, known ? trained.smallest_quantiles[i] : 1);
    const double high = std::max(usual + kUsualSpread, known ? trained.largest_quantiles[i] : 0);
    farthest = std::max({farthest, low - here, here - high});
  }
  return farthest;
}

JsonText json_of(const DataSummary& summary) {
  nlohmann::json json{{"images", summary.images},
                      {"foreground_quantiles", summary.foreground_quantiles},
                      {"foreground_share", summary.foreground_share},
                      {"image_means", summary.image_means}};
  if (summary.smallest_quantiles.empty()) return json_text(json);
  json["smallest_quantiles"] = summary.smallest_quantiles;
  json["largest_quantiles"] = summary.largest_quantiles;
  return json_text(json);
}

DataSummary parse_summary(const JsonText& text) {
  const nlohmann::json stored = parse(text);
  try {
    DataSummary summary;
    stored.at("images").get_to(summary.images);
    stored.at("foreground_share").get_to(summary.foreground_share);
    summary.foreground_quantiles = numbers(stored.at("foreground_quantiles"), 5);
    summary.image_means = numbers(stored.at("image_means"), 3);
    if (stored.contains("smallest_quantiles")) {
      summary.smallest_quantiles = numbers(stored.at("smallest_quantiles"), 5);
      summary.largest_quantiles = numbers(stored.at("largest_quantiles"), 5);
    }
    return summary;
  } catch (const nlohmann::json::exception& error) {
    fail_input("the summary of the training data in the model cannot be read: {}", error.what());
  }
}

}  // namespace thor
