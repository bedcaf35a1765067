// SPDX-License-Identifier: Apache-2.0
#include "thor/image/resample.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"
#include "thor/image/register/spline.h"

namespace thor {
namespace {

constexpr double kMeets = 1e-6;  // voxels; nearer than this to a centre is on it

/// Looks values up at continuous voxel indices (x, y, z).
class Source {
 public:
  Source(const Tensor& voxels, Interpolation interpolation)
      : values_(voxels),
        coefficients_(interpolation == Interpolation::Spline ? spline_coefficients(voxels) : voxels),
        data_(values_.data_ptr<float>()),
        size_{voxels.size(2), voxels.size(1), voxels.size(0)},
        interpolation_(interpolation) {}

  float at(const Point3& index, float outside) const {
    Place place;
    for (int axis = 0; axis < 3; ++axis) {
      const auto last = static_cast<double>(size_[axis] - 1);
      if (!(index[axis] >= -0.5 - kMeets && index[axis] <= last + 0.5 + kMeets)) return outside;
      locate(std::clamp(index[axis], 0.0, last), axis, place);
    }
    if (place.centre || interpolation_ == Interpolation::Nearest)
      return value(place.low[0], place.low[1], place.low[2]);
    return interpolation_ == Interpolation::Linear
               ? linear(place)
               : spline_value(coefficients_.data_ptr<float>(), size_, place.low, place.fraction);
  }

 private:
  struct Place {
    std::array<int64_t, 3> low;
    std::array<double, 3> fraction;
    bool centre = true;  ///< of a voxel
  };

  void locate(double index, int axis, Place& place) const {
    if (interpolation_ == Interpolation::Nearest) {
      // The same neighbour all along a border that lies half way, whatever its rounding.
      place.low[axis] = std::min(static_cast<int64_t>(index + 0.5 + kMeets), size_[axis] - 1);
      return;
    }
    const double nearest = std::round(index);
    if (std::abs(index - nearest) <= kMeets) index = nearest;
    place.low[axis] = static_cast<int64_t>(index);
    place.fraction[axis] = index - static_cast<double>(place.low[axis]);
    place.centre = place.centre && place.fraction[axis] == 0;
  }

  float value(int64_t x, int64_t y, int64_t z) const { return data_[(z * size_[1] + y) * size_[0] + x]; }

  float linear(const Place& place) const {
    double sum = 0;
    for (int corner = 0; corner < 8; ++corner) {
      double weight = 1;
      std::array<int64_t, 3> at = place.low;
      for (int axis = 0; axis < 3; ++axis) {
        const bool high = corner >> axis & 1;
        weight *= high ? place.fraction[axis] : 1 - place.fraction[axis];
        if (high) at[axis] = std::min(at[axis] + 1, size_[axis] - 1);
      }
      if (weight > 0) sum += weight * value(at[0], at[1], at[2]);
    }
    return static_cast<float>(sum);
  }

  Tensor values_, coefficients_;
  const float* data_;
  std::array<int64_t, 3> size_;
  Interpolation interpolation_;
};

void check(const Tensor& voxels, const Grid& target) {
  if (voxels.dim() != 3 || voxels.numel() == 0)
    fail(ErrorKind::Internal, "a scan to resample is [D,H,W], not {}", shape_text(voxels.sizes()));
  double count = 1;
  for (const int64_t size : target.size) count *= static_cast<double>(std::max<int64_t>(size, 0));
  if (!(count >= 1 && count <= static_cast<double>(kMaxVoxels)))
    fail_input("a grid of {} x {} x {} voxels; it must have between 1 and {}", target.size[0], target.size[1],
               target.size[2], kMaxVoxels);
}

}  // namespace

Tensor resample(const Tensor& voxels, const Affine& ras_from_voxel, const Grid& target, const Lookup& lookup) {
  check(voxels, target);
  const Source source(voxels.to(at::kCPU, at::kFloat).contiguous(), lookup.interpolation);
  const Affine source_from_target = inverse(ras_from_voxel) * lookup.source_from_target * target.ras_from_voxel;
  const auto [width, height, depth] = target.size;
  const auto outside = static_cast<float>(lookup.outside);
  Tensor result = at::empty({depth, height, width}, at::kFloat);
  float* out = result.data_ptr<float>();
  at::parallel_for(0, depth * height, 1, [&, w = width, h = height](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      for (int64_t x = 0; x < w; ++x) {
        const Point3 voxel{static_cast<double>(x), static_cast<double>(row % h), static_cast<double>(row / h)};
        out[row * w + x] = source.at(source_from_target(voxel), outside);
      }
  });
  return result;
}

}  // namespace thor
