// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/data/case_list.h"
#include "thor/image/image.h"
#include "thor/pipeline/lesion_table.h"
#include "thor/pipeline/pipeline.h"
#include "thor/pipeline/volume_config.h"
#include "thor/results/orthogonal_views.h"
#include "thor/results/sidecar.h"

namespace thor {

/// One finished case.
struct CaseOutput {
  std::string input, name, map_path;
  double score = 0;
  std::optional<double> p_value;  ///< where the model is calibrated for this detector and setting
  std::vector<Lesion> lesions;    ///< of a volume
  std::string withheld;  ///< why a mask and a p-value, or lesions too, are not given (scan_check.h); "" = all are
};
struct FolderResult {
  std::vector<CaseOutput> done;
  std::vector<CaseFailure> failed;
};

/// What a page about a volume shows; given away just before the volume's sidecar is written.
struct VolumeReport {
  std::string path;                   ///< where the page belongs
  Sidecar about;                      ///< as the sidecar will say
  std::vector<Lesion> lesions;        ///< all of them
  std::vector<OrthogonalView> views;  ///< through the peak: axial, coronal, sagittal
  double map_maximum = 0;             ///< of the whole volume
};

/// The names and folders of results: flat, or a BIDS dataset.
enum class ResultLayout { Flat, Bids };

struct DetectOptions {
  std::vector<std::string> inputs;  ///< files, folders, BIDS datasets or a CSV split
  std::string output;               ///< folder
  std::string detector_name;
  JsonText detector_config;   ///< as resolved, for the sidecar
  OperatingPoint point;       ///< what the mask may cost in a healthy scan
  bool ignore_check = false;  ///< mask, p-value and lesions in spite of what the check finds
  ScanChoice choice;          ///< of files and folders that hold more than one scan
  VolumeConfig volume;
  ResultLayout layout = ResultLayout::Flat;
  std::vector<std::string> participants;                ///< of BIDS datasets, without "sub-"; empty = all
  std::function<void(const VolumeReport&)> write_page;  ///< for each volume; may be empty
};

/// Detects every input and writes, on its own grid, into the output folder: NAME_map.nii.gz (of medical formats) or
/// NAME_map.png (16 bit, 65535 = `map_full_scale` of the sidecar), NAME_pseudo_healthy.*, NAME_overlay.png and
/// NAME.json (scores, detector, config, seed, model hash, version); where the model is calibrated for exactly this
/// detector and setting, and the scan is of the kind that it was trained on (scan_check.h), also NAME_mask.*, and a
/// p-value in the sidecar. Volumes go through the model's steps and back
/// to their own grid (docs/volumes.md); their slices and those of other cases share batches. Each file is whole or
/// absent; the sidecar is written last. A bad image is recorded in `failed` and the rest goes on. Stops early, cleanly,
/// on interrupt.
FolderResult detect_files(const Pipeline& pipeline, const DetectOptions& options, const RunConfig& run);

}  // namespace thor
