// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/data/preprocess.h"
#include "thor/pipeline/calibration.h"
#include "thor/pipeline/lesion_table.h"
#include "thor/pipeline/scan_check.h"
#include "thor/pipeline/volume_config.h"

namespace thor {

/// What the network found in one slice, on the network's grid.
struct SliceFinding {
  Tensor map, pseudo_healthy;  ///< float32 [size,size]
  Tensor region;               ///< bool [size,size], pixels that the map is about; undefined = all
  double score = 0;
};

/// What is to be found in a scan beyond its map.
struct FindingOptions {
  std::optional<Calibration> calibration;  ///< of the detector and setting in use; without it no mask and no p-value
  OperatingPoint point;                    ///< of the calibration, that sets the mask
  bool ignore_check = false;               ///< mask, p-value and lesions in spite of what the check finds
  VolumeConfig volume;                     ///< of scans with more than one slice
};

/// The options with the operating point that they stand for. Throws Usage where the calibration does not have it.
FindingOptions with_point(FindingOptions options);

/// A slice that was examined.
struct SliceScore {
  int64_t index = 0;   ///< in the whole volume at the end of the model's steps; 0 of a single slice
  double z_mm = 0;     ///< its height there; 0 of a single slice
  bool blank = false;  ///< nothing to see: map 0, no call of the network
  double score = 0;
  std::optional<double> p_value;  ///< where the calibration holds for the scan and the slice is not blank
};

/// All that is found in one scan, on the scan's own grid and in memory: nothing of it knows files. D = 1 for a single
/// slice.
struct Finding {
  Tensor map;             ///< float32 [D,H,W], >= 0; 0 beyond the examined slices
  Tensor pseudo_healthy;  ///< float32 [D,H,W] in the scan's intensities; beyond the examined slices the scan itself
  Tensor mask;            ///< uint8 [D,H,W], 0 or 1; undefined where no calibration holds for the scan
  double score = 0;       ///< of a volume, the largest of its slices'
  /// Of a volume, that of its highest slice among those of healthy volumes (Calibration::p_value_of_scan).
  std::optional<double> p_value;
  std::vector<SliceScore> slices;
  std::vector<Lesion> lesions;  ///< of a volume: the components of the mask; without one, of the map's own 0.5 % peak
  double lesion_threshold = 0;  ///< map value above which these lie; 0 where they are withheld
  ScanCheck check;              ///< why mask, p-value and lesions are absent, where they are
  Window window;                ///< values of the scan, after the model's steps, that the network saw as 0 and 1
  JsonText steps;               ///< what the model's steps measured; null of a single slice
  Affine native_from_steps;     ///< RAS mm at the end of the steps -> RAS mm of the scan
  Grid examined;                ///< grid of the examined slices at the end of the steps, blank ones too
};

}  // namespace thor
