// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>
#include <optional>
#include <vector>

#include "thor/data/brain_tissue.h"

namespace thor {

/// How a scan looks beside the training slices, in two numbers that a lesion hardly moves because they are medians over
/// the brain. NaN where the model does not know the brain in its training slices.
struct ScanLooks {
  double strangeness = NAN;  ///< logarithm of the median of |blurred (slice - median slice)| / deviation
  double grain = NAN;        ///< logarithm of the median difference in fine structure from the median slice
  bool known() const;
};

/// Computes the looks of a scan, the mean over its slices, float32 [S,S] in [0,1] as the network sees them, at the
/// heights z_mm.
ScanLooks looks_of(const BrainTissue& tissue, const std::vector<Tensor>& slices, const std::vector<double>& z_mm);

/// Computes the mean of the looks of a scan's slices; those that are not known do not count.
ScanLooks mean_of(const std::vector<ScanLooks>& slices);

/// How far a scan is from the healthy scans of a calibration.
struct Unlikeness {
  double value = 0;  ///< standard deviations of the healthy scans
  double limit = 0;  ///< that about 2 % of scans like them exceed
  bool beyond() const { return value > limit; }
};
/// Adds the strangeness and 0.3 times the grain, each in standard deviations of the healthy scans, and compares the sum
/// with theirs. None where fewer than 10 healthy scans have known looks, or the scan has none.
std::optional<Unlikeness> unlikeness(const std::vector<ScanLooks>& healthy, const ScanLooks& scan);

}  // namespace thor
