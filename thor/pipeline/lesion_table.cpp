// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/lesion_table.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "thor/base/error.h"
#include "thor/pipeline/mask_runs.h"

namespace thor {
namespace {

constexpr double kMlPerMm3 = 1e-3;

double voxel_ml(const Affine& a) {
  const double determinant = a.at(0, 0) * (a.at(1, 1) * a.at(2, 2) - a.at(1, 2) * a.at(2, 1)) -
                             a.at(0, 1) * (a.at(1, 0) * a.at(2, 2) - a.at(1, 2) * a.at(2, 0)) +
                             a.at(0, 2) * (a.at(1, 0) * a.at(2, 1) - a.at(1, 1) * a.at(2, 0));
  return std::abs(determinant) * kMlPerMm3;
}

/// What is summed up over the runs of one component.
struct Tally {
  int64_t voxels = 0;
  Point3 sum{};      ///< of voxel indices
  Point3 low, high;  ///< RAS of voxel centres
  double peak = -1;
  Point3 peak_voxel{};

  Tally() {
    low.fill(std::numeric_limits<double>::infinity());
    high.fill(-std::numeric_limits<double>::infinity());
  }

  void reach(const Point3& p) {
    for (int axis = 0; axis < 3; ++axis) {
      low[axis] = std::min(low[axis], p[axis]);
      high[axis] = std::max(high[axis], p[axis]);
    }
  }

  void add(const MaskRun& run, const float* row, const Affine& ras_from_voxel) {
    const double y = static_cast<double>(run.y), z = static_cast<double>(run.z);
    const auto first = static_cast<double>(run.begin), last = static_cast<double>(run.end - 1);
    const double length = static_cast<double>(run.end - run.begin);
    voxels += run.end - run.begin;
    sum = {sum[0] + length * (first + last) / 2, sum[1] + length * y, sum[2] + length * z};
    reach(ras_from_voxel({first, y, z}));
    reach(ras_from_voxel({last, y, z}));
    const float* highest = std::max_element(row + run.begin, row + run.end);
    if (*highest > peak) peak = *highest, peak_voxel = {static_cast<double>(highest - row), y, z};
  }

  Lesion lesion(const LesionRules& rules) const {
    Lesion found;
    const auto count = static_cast<double>(voxels);
    found.voxels = voxels;
    found.ml = count * voxel_ml(rules.ras_from_voxel);
    found.peak = peak;
    found.peak_mm = rules.ras_from_voxel(peak_voxel);
    found.centre_mm = rules.ras_from_voxel({sum[0] / count, sum[1] / count, sum[2] / count});
    if (rules.template_from_native) found.template_mm = (*rules.template_from_native)(found.centre_mm);
    for (int axis = 0; axis < 3; ++axis) {
      double voxel = 0;  // how far one voxel reaches along this axis of the body
      for (int column = 0; column < 3; ++column) voxel += std::abs(rules.ras_from_voxel.at(axis, column));
      found.extent_mm[axis] = high[axis] - low[axis] + voxel;
    }
    return found;
  }
};

void erase(Tensor& mask, const std::vector<MaskRun>& runs, const std::vector<size_t>& dropped) {
  for (const MaskRun& run : runs)
    if (std::binary_search(dropped.begin(), dropped.end(), run.component))
      mask[run.z][run.y].narrow(0, run.begin, run.end - run.begin).zero_();
}

}  // namespace

std::vector<Lesion> find_lesions(Tensor& mask, const Tensor& map, const LesionRules& rules) {
  if (mask.sizes() != map.sizes())
    fail(ErrorKind::Internal, "a mask of {} for a map of {}", shape_text(mask.sizes()), shape_text(map.sizes()));
  const std::vector<MaskRun> runs = connected_runs(mask);
  const Tensor values = map.contiguous();
  std::map<size_t, Tally> tallies;  // in the order of first voxels, so that ties are broken alike
  for (const MaskRun& run : runs)
    tallies[run.component].add(run, values.data_ptr<float>() + (run.z * mask.size(1) + run.y) * mask.size(2),
                               rules.ras_from_voxel);
  std::vector<Lesion> lesions;
  std::vector<size_t> dropped;
  for (const auto& [component, tally] : tallies) {
    const Lesion lesion = tally.lesion(rules);
    if (lesion.ml < rules.min_ml)
      dropped.push_back(component);
    else
      lesions.push_back(lesion);
  }
  erase(mask, runs, dropped);
  std::stable_sort(lesions.begin(), lesions.end(), [](const Lesion& a, const Lesion& b) {
    return a.peak != b.peak ? a.peak > b.peak : a.voxels > b.voxels;
  });
  return lesions;
}

}  // namespace thor
