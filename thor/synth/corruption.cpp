// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/corruption.h"

#include <ATen/ATen.h>

#include <cmath>

#include "thor/base/error.h"
#include "thor/synth/blob.h"

namespace thor {
namespace {

constexpr double kStretch = 2;   // longest axis of a lesion over its radius
constexpr double kWobble = 2.2;  // longer axes than this no wobble of a lesion's outline reaches

struct Place {
  int64_t row, column;
};

// Where a lesion is.
struct Region {
  Place middle;
  double reach;  // from the middle, pixels: it ends before
  Tensor share;  // [H,W], 0 to 1
};

class Corruptor {
 public:
  Corruptor(const CorruptionConfig& config, const CorruptionSource& source, const StreamKey& key)
      : config_(config),
        source_(source),
        random_(key),
        height_(source.image.size(0)),
        width_(source.image.size(1)),
        pixel_(static_cast<double>(std::min(height_, width_)) / 128),
        places_(source.inside.flatten().nonzero().flatten()),
        image_(source.image.clone()),
        painted_(at::zeros_like(image_)) {}

  Corrupted run() {
    // Drawn in any case, so that the shares of one kind do not move the numbers of another.
    const bool noise = random_.uniform() < config_.noise_share, lesions = random_.uniform() < config_.lesion_share;
    if (places_.numel() == 0) return {image_, painted_};
    white_ = at::quantile(source_.image.masked_select(source_.inside), 0.98).item<double>();
    if (config_.kind != CorruptionKind::CoarseNoise && lesions) add_lesions();
    if (config_.kind == CorruptionKind::CoarseNoise || (config_.kind == CorruptionKind::Both && noise))
      add_coarse_noise();
    return {image_.clamp_(0, 1), painted_};
  }

 private:
  void add_coarse_noise() {
    Tensor grid = at::empty({1, 1, config_.grid, config_.grid}, at::kFloat);
    random_.fill_normal(grid.data_ptr<float>(), static_cast<size_t>(grid.numel()));
    const Tensor field = at::upsample_bilinear2d(grid, {height_, width_}, /*align_corners=*/false)[0][0];
    const auto rows = static_cast<int64_t>(random_.below(height_)),
               columns = static_cast<int64_t>(random_.below(width_));
    image_ += field.roll({rows, columns}, {0, 1}) * source_.inside * (config_.sigma * white_);
  }

  void add_lesions() {
    const uint64_t count = 1 + random_.below(static_cast<uint64_t>(config_.lesions));
    for (uint64_t i = 0; i < count; ++i) {
      const Region region = draw_region();
      const Tensor fill = random_.uniform() < config_.foreign ? foreign_texture(region.middle) : toned(region);
      image_ += region.share * random_.uniform(config_.alpha_min, config_.alpha_max) * (fill - image_);
      painted_ = at::maximum(painted_, region.share.gt(0).to(at::kFloat));
    }
  }

  Place place_inside() {
    const auto at = places_[static_cast<int64_t>(random_.below(places_.numel()))].item<int64_t>();
    return {at / width_, at % width_};
  }

  // Calls `visit` for the pixels that a region may hold.
  template <class Visit>
  void around(const Place& middle, double radius, Visit&& visit) const {
    const auto reach = static_cast<int64_t>(std::ceil(radius));
    const int64_t bottom = std::min(height_ - 1, middle.row + reach),
                  right = std::min(width_ - 1, middle.column + reach);
    for (int64_t r = std::max<int64_t>(0, middle.row - reach); r <= bottom; ++r)
      for (int64_t c = std::max<int64_t>(0, middle.column - reach); c <= right; ++c) visit(r, c);
  }

  Region draw_region() {
    const Place middle = place_inside();
    const double area = std::exp(random_.uniform(std::log(config_.area_min), std::log(config_.area_max)));
    const double radius = std::sqrt(area / M_PI) * pixel_;
    const double edge = std::min(random_.uniform(0.5, 0.5 + config_.edge) * pixel_, 1 + radius);
    const Blob blob(random_, {double(middle.column), double(middle.row), radius, kStretch});
    Region region{middle, kWobble * kStretch * radius, at::zeros_like(image_)};
    auto share = region.share.accessor<float, 2>();
    around(middle, region.reach, [&](int64_t r, int64_t c) {
      share[r][c] = static_cast<float>(std::clamp(0.5 + blob(double(c), double(r)) * radius / edge, 0.0, 1.0));
    });
    region.share *= source_.inside;
    return region;
  }

  // What lies at another place of this image or of a donor, mirrored or not, a little darker or brighter. -> [H,W]
  Tensor foreign_texture(const Place& middle) {
    const bool own = random_.uniform() < 0.5, mirrored = random_.uniform() < 0.5;
    const auto donor = static_cast<int64_t>(random_.below(static_cast<uint64_t>(source_.donors.size(0))));
    Tensor texture = own ? source_.image : source_.donors[donor];
    if (mirrored) texture = texture.flip(1);
    const Place from = place_inside();
    texture = texture.roll({middle.row - from.row, middle.column - from.column}, {0, 1});
    return texture * random_.uniform(0.75, 1.25);
  }

  // One tone, clearly darker or brighter than what it covers, with a smooth texture of its own. -> [H,W]
  Tensor toned(const Region& region) {
    const double covered = std::max(1e-6, region.share.sum().item<double>());
    const double here = (image_ * region.share).sum().item<double>() / covered;
    const double step = random_.uniform(0.15, 0.8) * white_, brightest = std::min(1.0, 1.1 * white_);
    const bool dark = random_.uniform() < 0.5 ? here >= step / 2 : here > brightest - step / 2;
    const double tone = std::clamp(dark ? here - step : here + step, 0.0, brightest);
    const double strength = random_.uniform(0, 0.1) * white_;
    const SmoothNoise texture(random_, static_cast<int>(20 + random_.below(60)));
    Tensor fill = at::full_like(image_, tone);
    auto out = fill.accessor<float, 2>();
    const double side = static_cast<double>(std::max(height_, width_));
    around(region.middle, region.reach, [&](int64_t r, int64_t c) {
      out[r][c] += static_cast<float>(strength * texture(2 * double(c) / side - 1, 2 * double(r) / side - 1));
    });
    return fill;
  }

  const CorruptionConfig& config_;
  const CorruptionSource& source_;
  Random random_;
  int64_t height_, width_;
  double pixel_;      // of the 128 grid, in pixels of this one
  double white_ = 1;  // what 98 % of the head are below
  Tensor places_;     // int64, the head's pixels
  Tensor image_, painted_;
};

}  // namespace

void CorruptionConfig::describe(Fields& fields) {
  fields.add("kind", &kind, "coarse noise, painted lesions (texture), or both");
  fields.add("noise_share", &noise_share, "share of images with coarse noise, with kind both", between(0, 1));
  fields.add("lesion_share", &lesion_share, "share of images with painted lesions", between(0, 1));
  fields.add("sigma", &sigma, "deviation of the coarse noise, in units of white", between(0, 2));
  fields.add("grid", &grid, "cells of the coarse noise along a side", between(1, 1024));
  fields.add("lesions", &lesions, "most lesions in an image", between(1, 100));
  fields.add("area_min", &area_min, "smallest lesion, pixels on the 128 grid; sizes are log-uniform",
             between(1, 16384));
  fields.add("area_max", &area_max, "largest lesion, pixels on the 128 grid", between(1, 16384));
  fields.add("alpha_min", &alpha_min, "least share of the image that a lesion covers", between(0, 1));
  fields.add("alpha_max", &alpha_max, "greatest", between(0, 1));
  fields.add("edge", &edge, "widest soft edge of a lesion, pixels on the 128 grid", between(0, 64));
  fields.add("foreign", &foreign, "share of lesions filled with another place's texture; the others get one tone",
             between(0, 1));
  fields.add("weight", &weight, "of painted pixels in the loss; the others count 1", between(0.01, 1000));
}

void CorruptionConfig::check() const {
  if (area_min > area_max)
    fail_usage("train.corruption.area_min {} is above train.corruption.area_max {}", area_min, area_max);
  if (alpha_min > alpha_max)
    fail_usage("train.corruption.alpha_min {} is above train.corruption.alpha_max {}", alpha_min, alpha_max);
}

Corrupted corrupt(const CorruptionConfig& config, const CorruptionSource& source, const StreamKey& key) {
  return Corruptor(config, source, key).run();
}

}  // namespace thor
