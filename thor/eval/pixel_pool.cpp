// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/pixel_pool.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "thor/base/error.h"
#include "thor/image/quantile.h"

namespace thor {
namespace {

// Of a float32's 32 bits the 11 lowest are dropped: sign, exponent and 12 bits of the fraction remain.
constexpr int kDroppedBits = 11;
constexpr uint32_t kSignBit = 1u << 31;
constexpr size_t kBins = size_t{1} << (32 - kDroppedBits);

/// Grows with the value, through the negative ones too.
size_t bin_of(float value) {
  value += 0.0f;  // one zero only
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  bits = bits & kSignBit ? ~bits : bits | kSignBit;
  return bits >> kDroppedBits;
}

/// The middle of a bin, zero for the bin that starts with it.
double value_of(size_t bin) {
  uint32_t bits = (static_cast<uint32_t>(bin) << kDroppedBits) | (1u << (kDroppedBits - 1));
  if (bits == (kSignBit | (1u << (kDroppedBits - 1)))) return 0;
  bits = bits & kSignBit ? bits & ~kSignBit : ~bits;
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

size_t place_of(PixelKind kind) { return kind == PixelKind::Lesion ? 1 : 0; }

/// The value at a place (from 0) of the values in ascending order.
double order_statistic(const std::vector<int64_t>& bins, int64_t place) {
  int64_t below = 0;
  for (size_t bin = 0; bin < bins.size(); ++bin)
    if ((below += bins[bin]) > place) return value_of(bin);
  return value_of(bins.size() - 1);
}

}  // namespace

void PixelPool::add(const Tensor& map, const Tensor& truth) {
  if (map.sizes() != truth.sizes())
    fail(ErrorKind::Internal, "map {} and truth {} differ in size", shape_text(map.sizes()), shape_text(truth.sizes()));
  const Tensor flat = map.to(at::kFloat).contiguous(), lesion = truth.gt(0).contiguous();
  const float* value = flat.data_ptr<float>();
  const bool* in_lesion = lesion.data_ptr<bool>();
  for (int64_t i = 0; i < flat.numel(); ++i) {
    if (!std::isfinite(value[i])) fail_input("the map has values that are not finite numbers");
    if (exact())
      values_[in_lesion[i]].push_back(value[i]);
    else
      ++bins_[in_lesion[i]][bin_of(value[i])];
  }
  if (values_[0].size() + values_[1].size() > exact_limit_) fold();
}

void PixelPool::add(const PixelPool& other) {
  if (!other.exact()) fold();
  for (size_t kind = 0; kind < 2; ++kind) {
    if (exact())
      values_[kind].insert(values_[kind].end(), other.values_[kind].begin(), other.values_[kind].end());
    else if (other.exact())
      for (const float value : other.values_[kind]) ++bins_[kind][bin_of(value)];
    else
      std::transform(bins_[kind].begin(), bins_[kind].end(), other.bins_[kind].begin(), bins_[kind].begin(),
                     std::plus<>());
  }
  if (values_[0].size() + values_[1].size() > exact_limit_) fold();
}

void PixelPool::fold() {
  if (!exact()) return;
  for (size_t kind = 0; kind < 2; ++kind) {
    bins_[kind].assign(kBins, 0);
    for (const float value : values_[kind]) ++bins_[kind][bin_of(value)];
    std::vector<float>().swap(values_[kind]);
  }
}

int64_t PixelPool::count(PixelKind kind) const {
  const size_t place = place_of(kind);
  return exact() ? static_cast<int64_t>(values_[place].size())
                 : std::accumulate(bins_[place].begin(), bins_[place].end(), int64_t{0});
}

Areas PixelPool::areas() {
  if (exact()) return areas_under_curves(values_[0], values_[1]);
  Ranking ranking(static_cast<double>(count(PixelKind::Lesion)), static_cast<double>(count(PixelKind::Healthy)));
  for (size_t bin = kBins; bin-- > 0;)
    if (bins_[0][bin] + bins_[1][bin] > 0)
      ranking.next(static_cast<double>(bins_[1][bin]), static_cast<double>(bins_[0][bin]));
  return ranking.areas();
}

double PixelPool::quantile(PixelKind kind, double q) {
  if (!(q >= 0 && q <= 1)) fail(ErrorKind::Internal, "quantile {} is not in [0,1]", q);
  const int64_t pixels = count(kind);
  if (pixels == 0) return std::numeric_limits<double>::quiet_NaN();
  if (exact()) return quantile_of(at::from_blob(values_[place_of(kind)].data(), {pixels}, at::kFloat), q);
  const double place = q * static_cast<double>(pixels - 1), floor = std::floor(place);
  const auto value_at = [&](double at) { return order_statistic(bins_[place_of(kind)], static_cast<int64_t>(at)); };
  const double low = value_at(floor);
  return place == floor ? low : low + (place - floor) * (value_at(floor + 1) - low);
}

}  // namespace thor
