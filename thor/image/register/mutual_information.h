// SPDX-License-Identifier: Apache-2.0
// Private to this room: mutual information of a template and a scan (Mattes et al., IEEE TMI 22(1), 2003).
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "thor/base/tensor.h"
#include "thor/image/geometry.h"

namespace thor {

inline constexpr int kHistogramBins = 50;

/// The value range of the bins; values outside are counted in the outermost bins.
struct ValueRange {
  double low = 0, high = 1;
};

/// Sample points of the template with its values.
struct TemplateSamples {
  std::vector<Point3> places;  ///< RAS mm
  std::vector<uint8_t> bins;   ///< bin of the value at each point, below kHistogramBins
};

struct Similarity {
  double nats = 0;                    ///< mutual information
  double overlap = 0;                 ///< fraction of the samples inside the scan
  std::array<double, 12> gradient{};  ///< derivative of nats by the rows of scan_from_template
};

/// The mutual information of a template and a scan as a function of the affine map between them. The bins of the
/// template are sharp; those of the scan are cubic B-splines, which makes it differentiable. Sums run over fixed parts
/// of the samples, so that it does not depend on the number of threads.
class MutualInformation {
 public:
  /// Takes a scan, float32 [D,H,W], with at least two voxels along each axis.
  MutualInformation(TemplateSamples samples, const Tensor& scan, const Affine& ras_from_voxel, const ValueRange& range);

  Similarity at(const Affine& scan_from_template) const;

  /// Returns the values of the scan at the samples inside it.
  std::vector<float> scan_values(const Affine& scan_from_template) const;
  /// Returns the contrast of the scan between the brightest and the middle third of the samples, ordered by the
  /// template: the difference of the medians relative to the range of the scan there (2nd to 98th percentile); NaN if
  /// one of these is empty.
  double contrast(const Affine& scan_from_template) const;
  /// Sets a new value range of the bins.
  void set_range(const ValueRange& range) { range_ = range; }

 private:
  struct Looked;
  struct Hit;
  struct Counts;
  bool look_up(const Point3& voxel, Looked& looked) const;
  Hit hit_of(const Looked& looked) const;
  Counts count(const Affine& voxel_from_template) const;
  /// Returns the gradient of the sum over samples; `logs` is the weight of each [template bin][scan bin].
  std::array<double, 12> gradient(const std::vector<Hit>& hits, const std::vector<double>& logs) const;

  TemplateSamples samples_;
  Tensor scan_;
  std::array<int64_t, 3> size_;
  Affine voxel_from_ras_;
  ValueRange range_;
};

}  // namespace thor
