// SPDX-License-Identifier: Apache-2.0
#include "thor/image/register/mutual_information.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "thor/image/quantile.h"
#include "thor/image/register/spline.h"

namespace thor {
namespace {

constexpr int kPadding = 2;  // bins on either side that only the spline reaches
constexpr int64_t kParts = 32;

using Histogram = std::vector<double>;

/// The natural logarithm of p / q that leaves empty bins out.
double log_ratio(double p, double q) { return p > 0 && q > 0 ? std::log(p / q) : 0; }

/// Sums over template bins: how often each scan bin is met.
Histogram scan_marginal(const Histogram& joint) {
  Histogram marginal(kHistogramBins, 0);
  for (int t = 0; t < kHistogramBins; ++t)
    for (int s = 0; s < kHistogramBins; ++s) marginal[s] += joint[t * kHistogramBins + s];
  return marginal;
}

double nats_of(const Histogram& joint, const Histogram& marginal) {
  double sum = 0;
  for (int t = 0; t < kHistogramBins; ++t) {
    double row = 0;
    for (int s = 0; s < kHistogramBins; ++s) row += joint[t * kHistogramBins + s];
    for (int s = 0; s < kHistogramBins; ++s) {
      const double p = joint[t * kHistogramBins + s];
      sum += p * log_ratio(p, row * marginal[s]);
    }
  }
  return sum;
}

double order_statistic(const std::vector<double>& values, double share) {
  return quantile_of(at::tensor(values, at::kDouble), share, Between::Lower);
}

/// work(part, item) for every item, part by part.
template <class F>
void each_part(int64_t items, F work) {
  at::parallel_for(0, kParts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part)
      for (int64_t i = items * part / kParts; i < items * (part + 1) / kParts; ++i) work(part, i);
  });
}

}  // namespace

/// What the scan holds at a place, by trilinear interpolation.
struct MutualInformation::Looked {
  double value = 0;
  Point3 slope{};  ///< per voxel along x, y, z
};

/// The same in bins.
struct MutualInformation::Hit {
  bool within = false;
  uint8_t bin = 0;  ///< the first of the four that it is counted in
  float fraction = 0;
  std::array<float, 3> slope{};  ///< bins per voxel along x, y, z
};

struct MutualInformation::Counts {
  std::vector<Hit> hits;  ///< one for each sample
  Histogram joint;        ///< [template bin][scan bin], sums to 1
  int64_t within = 0;     ///< samples that lie in the scan
};

MutualInformation::MutualInformation(TemplateSamples samples, const Tensor& scan, const Affine& ras_from_voxel,
                                     const ValueRange& range)
    : samples_(std::move(samples)),
      scan_(scan.contiguous()),
      size_{scan.size(2), scan.size(1), scan.size(0)},
      voxel_from_ras_(inverse(ras_from_voxel)),
      range_(range) {}

bool MutualInformation::look_up(const Point3& voxel, Looked& looked) const {
  std::array<int64_t, 3> low;
  Point3 t;
  for (int axis = 0; axis < 3; ++axis) {
    if (!(voxel[axis] >= 0 && voxel[axis] <= static_cast<double>(size_[axis] - 1))) return false;
    low[axis] = std::min(static_cast<int64_t>(voxel[axis]), size_[axis] - 2);
    t[axis] = voxel[axis] - static_cast<double>(low[axis]);
  }
  const float* corner = scan_.data_ptr<float>() + (low[2] * size_[1] + low[1]) * size_[0] + low[0];
  const int64_t up = size_[0] * size_[1];
  // Along x, then y, then z; of each the value and what it rises by.
  std::array<double, 4> on_x, rise_x;
  for (int edge = 0; edge < 4; ++edge) {
    const float* at = corner + (edge >> 1) * up + (edge & 1) * size_[0];
    rise_x[edge] = static_cast<double>(at[1]) - at[0];
    on_x[edge] = at[0] + t[0] * rise_x[edge];
  }
  const auto between = [](double a, double b, double fraction) { return a + fraction * (b - a); };
  const double near = between(on_x[0], on_x[1], t[1]), far = between(on_x[2], on_x[3], t[1]);
  looked.value = between(near, far, t[2]);
  looked.slope = {between(between(rise_x[0], rise_x[1], t[1]), between(rise_x[2], rise_x[3], t[1]), t[2]),
                  between(on_x[1] - on_x[0], on_x[3] - on_x[2], t[2]), far - near};
  return true;
}

MutualInformation::Hit MutualInformation::hit_of(const Looked& looked) const {
  constexpr double kLast = kHistogramBins - 1 - 2 * kPadding;
  const double bins_per_value = kLast / (range_.high - range_.low);
  const double place = (looked.value - range_.low) * bins_per_value, inside = std::clamp(place, 0.0, kLast);
  const auto whole = static_cast<int>(inside);
  Hit hit{true, static_cast<uint8_t>(whole + kPadding - 1), static_cast<float>(inside - whole), {}};
  for (int axis = 0; axis < 3 && inside == place; ++axis)
    hit.slope[axis] = static_cast<float>(looked.slope[axis] * bins_per_value);
  return hit;
}

std::vector<float> MutualInformation::scan_values(const Affine& scan_from_template) const {
  const Affine voxel_from_template = voxel_from_ras_ * scan_from_template;
  std::vector<float> values;
  Looked looked;
  for (const Point3& place : samples_.places)
    if (look_up(voxel_from_template(place), looked)) values.push_back(static_cast<float>(looked.value));
  return values;
}

double MutualInformation::contrast(const Affine& scan_from_template) const {
  const Affine voxel_from_template = voxel_from_ras_ * scan_from_template;
  std::vector<uint8_t> sorted = samples_.bins;
  std::sort(sorted.begin(), sorted.end());
  if (sorted.empty()) return NAN;
  const uint8_t middle = sorted[sorted.size() / 3], bright = sorted[sorted.size() * 2 / 3];
  std::vector<double> all, in_middle, in_bright;
  Looked looked;
  for (size_t i = 0; i < samples_.places.size(); ++i) {
    if (!look_up(voxel_from_template(samples_.places[i]), looked)) continue;
    all.push_back(looked.value);
    if (samples_.bins[i] >= bright)
      in_bright.push_back(looked.value);
    else if (samples_.bins[i] >= middle)
      in_middle.push_back(looked.value);
  }
  if (in_middle.empty() || in_bright.empty()) return NAN;
  const double range = order_statistic(all, 0.98) - order_statistic(all, 0.02);
  return range > 0 ? (order_statistic(in_bright, 0.5) - order_statistic(in_middle, 0.5)) / range : NAN;
}

MutualInformation::Counts MutualInformation::count(const Affine& voxel_from_template) const {
  const auto samples = static_cast<int64_t>(samples_.places.size());
  Counts counts{std::vector<Hit>(samples_.places.size()), Histogram(kHistogramBins * kHistogramBins, 0), 0};
  std::vector<Histogram> parts(kParts, counts.joint);
  std::vector<int64_t> within(kParts, 0);
  each_part(samples, [&](int64_t part, int64_t i) {
    Looked looked;
    if (!look_up(voxel_from_template(samples_.places[i]), looked)) return;
    const Hit hit = counts.hits[i] = hit_of(looked);
    const std::array<double, 4> weights = spline_weights(hit.fraction);
    double* bins = parts[part].data() + samples_.bins[i] * kHistogramBins + hit.bin;
    for (int k = 0; k < 4; ++k) bins[k] += weights[k];
    ++within[part];
  });
  for (int64_t part = 0; part < kParts; ++part) {
    counts.within += within[part];
    for (size_t bin = 0; bin < counts.joint.size(); ++bin) counts.joint[bin] += parts[part][bin];
  }
  for (double& p : counts.joint) p /= static_cast<double>(std::max<int64_t>(counts.within, 1));
  return counts;
}

std::array<double, 12> MutualInformation::gradient(const std::vector<Hit>& hits, const Histogram& logs) const {
  std::vector<std::array<double, 12>> parts(kParts);  // by the rows of voxel_from_template
  each_part(static_cast<int64_t>(hits.size()), [&](int64_t part, int64_t i) {
    const Hit& hit = hits[i];
    if (!hit.within) return;
    const std::array<double, 4> slopes = spline_slopes(hit.fraction);
    const double* log = logs.data() + samples_.bins[i] * kHistogramBins + hit.bin;
    const double pull = slopes[0] * log[0] + slopes[1] * log[1] + slopes[2] * log[2] + slopes[3] * log[3];
    const Point3& p = samples_.places[i];
    for (int axis = 0; axis < 3; ++axis) {
      const double g = pull * hit.slope[axis];
      double* row = parts[part].data() + 4 * axis;
      row[0] += g * p[0], row[1] += g * p[1], row[2] += g * p[2], row[3] += g;
    }
  });
  std::array<double, 12> by_ras{};
  for (const std::array<double, 12>& part : parts)
    for (int row = 0; row < 3; ++row)
      for (int axis = 0; axis < 3; ++axis)
        for (int column = 0; column < 4; ++column)
          by_ras[4 * row + column] += voxel_from_ras_.at(axis, row) * part[4 * axis + column];
  return by_ras;
}

Similarity MutualInformation::at(const Affine& scan_from_template) const {
  Counts counts = count(voxel_from_ras_ * scan_from_template);
  Similarity result;
  if (counts.within == 0) return result;
  const Histogram marginal = scan_marginal(counts.joint);
  result.nats = nats_of(counts.joint, marginal);
  result.overlap = static_cast<double>(counts.within) / static_cast<double>(counts.hits.size());
  // Moving weight between bins changes the sum by the logarithm of p(template, scan) / p(scan).
  for (size_t bin = 0; bin < counts.joint.size(); ++bin)
    counts.joint[bin] = log_ratio(counts.joint[bin], marginal[bin % kHistogramBins]);
  result.gradient = gradient(counts.hits, counts.joint);
  for (double& entry : result.gradient) entry /= static_cast<double>(counts.within);
  return result;
}

}  // namespace thor
