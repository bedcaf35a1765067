// SPDX-License-Identifier: Apache-2.0
// Private to this room: how much a template's values say about a scan's (Mattes et al., IEEE TMI 22(1), 2003).
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "thor/base/tensor.h"
#include "thor/image/geometry.h"

namespace thor {

inline constexpr int kHistogramBins = 50;

/// The range of values that the bins share out; what lies beyond is counted at its ends.
struct ValueRange {
  double low = 0, high = 1;
};

/// Points of the template and what it holds there.
struct TemplateSamples {
  std::vector<Point3> places;  ///< RAS mm
  std::vector<uint8_t> bins;   ///< of the value at each place, below kHistogramBins
};

struct Similarity {
  double nats = 0;                    ///< mutual information
  double overlap = 0;                 ///< share of the samples that lie in the scan
  std::array<double, 12> gradient{};  ///< of nats by the rows of scan_from_template
};

/// Mutual information of a template and a scan as a function of the affine map between them. The template's bins are
/// sharp; the scan's are cubic B-splines, so it has a gradient. Sums run over fixed parts of the samples, so it does
/// not depend on the number of threads.
class MutualInformation {
 public:
  /// `scan` is float32 [D,H,W], with at least two voxels along each axis.
  MutualInformation(TemplateSamples samples, const Tensor& scan, const Affine& ras_from_voxel, const ValueRange& range);

  Similarity at(const Affine& scan_from_template) const;

  /// What the scan holds at the samples that lie in it.
  std::vector<float> scan_values(const Affine& scan_from_template) const;
  /// How much brighter the scan is in the brightest third of the template's samples than in their middle third: the
  /// difference of the medians, as a share of the scan's range there (2nd to 98th percentile); NaN where one
  /// of these is empty.
  double contrast(const Affine& scan_from_template) const;
  /// Shares the bins out anew.
  void set_range(const ValueRange& range) { range_ = range; }

 private:
  struct Looked;
  struct Hit;
  struct Counts;
  bool look_up(const Point3& voxel, Looked& looked) const;
  Hit hit_of(const Looked& looked) const;
  Counts count(const Affine& voxel_from_template) const;
  /// Of the sum over samples; `logs` is what each [template bin][scan bin] counts.
  std::array<double, 12> gradient(const std::vector<Hit>& hits, const std::vector<double>& logs) const;

  TemplateSamples samples_;
  Tensor scan_;
  std::array<int64_t, 3> size_;
  Affine voxel_from_ras_;
  ValueRange range_;
};

}  // namespace thor
