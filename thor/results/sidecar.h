// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/image/resample.h"
#include "thor/pipeline/finding.h"

namespace thor {

/// How the mask and the p-value of a case came about.
struct SidecarCalibration {
  OperatingPoint point;                 ///< that sets the mask
  double threshold = 0;                 ///< map value above which the mask is set
  std::map<double, double> thresholds;  ///< the same for every rate of the calibration
  double p_value = 1;
  std::string p_value_of;  ///< how slices become one p-value; "" of a single slice
  int64_t cases = 0;       ///< healthy scores that it was compared with
  std::string promise;     ///< one sentence: what the mask promises of healthy scans, and on what assumption
};

/// The table of lesions of a volume.
struct SidecarLesions {
  std::string withheld;  ///< why there is none; then the rest is empty
  std::string above;     ///< what the threshold is, for people
  double threshold = 0, min_ml = 0;
  int64_t count = 0;
  std::vector<Lesion> list;  ///< at most kMaxListedLesions of them
};
inline constexpr size_t kMaxListedLesions = 1000;

/// A slice that was examined: of a volume, or of an archive, in which slices have names.
struct SidecarSlice {
  std::string name;  ///< "" of a volume's slices
  SliceScore found;
};

/// Geometry and preprocessing of a volume.
struct SidecarVolume {
  Grid native;                   ///< the scan's own grid
  JsonText steps;                ///< measurements of the preprocessing steps
  Affine native_from_steps;      ///< RAS mm at the end of the steps -> RAS mm of the scan
  std::optional<Grid> examined;  ///< grid of the examined slices at the end of the steps, blank ones too
  Window window;
  double smooth_mm = 0;
  struct Dicom {
    std::string study_uid, series_uid, description, modality;
  };
  std::optional<Dicom> dicom;
};

/// All that `thor detect` says about one case: the JSON file beside its map (docs/conventions.md). Names of files are
/// those of files beside the sidecar, "" where there is none.
struct Sidecar {
  // of the run
  std::string version, note;
  std::string detector, perceptual, model_sha256, device, precision;
  JsonText detector_config, preprocess;
  int64_t network_calls = 1, network_size = 128;
  uint64_t seed = 0;
  // of the case
  std::string input, name;
  std::vector<std::string> sources;  ///< BIDS URIs
  std::string map, pseudo_healthy, overlay, mask, page, map_dicom, segmentation_dicom;
  double map_full_scale = 1;   ///< map value of a white pixel, for pictures
  std::string archive_sha256;  ///< of an archive of prepared slices
  double score = 0;            ///< NaN where the file has none
  std::optional<SidecarCalibration> calibration;
  std::optional<ScanCheck> check;
  std::optional<SidecarLesions> lesions;
  std::vector<SidecarSlice> slices;
  std::optional<SidecarVolume> volume;
  std::string volume_problem;  ///< why what the file says of a volume cannot be understood
};

/// A lesion as the sidecar lists it.
JsonText json_of(const Lesion& lesion);
/// The text of the file: JSON, indented.
std::string sidecar_text(const Sidecar& about);
/// Reads it back; versions of the program that said less are understood. Nothing where the text is JSON of another kind
/// (no `map`). Throws Input: no JSON, a value of another type or beyond its range.
std::optional<Sidecar> parse_sidecar(const std::string& text);

}  // namespace thor
