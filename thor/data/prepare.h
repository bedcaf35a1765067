// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/base/run_context.h"
#include "thor/data/archive.h"
#include "thor/data/split.h"
#include "thor/data/templates.h"

namespace thor {

/// The job of preparing scans into an archive.
struct PrepareJob {
  std::vector<SplitRow> scans;  ///< pictures, volumes, folders of DICOM
  PreprocessConfig preprocess;
  Templates templates;            ///< templates that the steps name
  int64_t workers = 1;            ///< concurrent scans, one thread each; results do not depend on it
  std::string keep;               ///< folder with a file for every finished volume, to resume from; "" = none
  std::string pictures;           ///< folder for pictures of the slices of volumes (slice_pictures.h); "" = none
  RunContext* context = nullptr;  ///< null = that of the calling thread
};

/// The outcome of one scan.
struct ScanReport {
  std::string name;     ///< as listed
  std::string failure;  ///< reason of failure; "" = the scan is in the archive
  JsonText record;      ///< record of the steps as in PreparedVolume, without seconds; null for pictures
  std::string part;     ///< its file in the folder `keep`, "" for pictures and failures
};

struct PrepareResult {
  Archive archive;                ///< slices of all usable scans, in the order of the list
  std::vector<ScanReport> scans;  ///< outcomes of all scans, in the order of the list
  int64_t pictures = 0;           ///< number of written pictures
};

/// Lists the failed scans as "'a.nii' (why); 'b.nii' (why); and 3 more"; "" if there are none.
std::string failures_of(const std::vector<ScanReport>& scans);

/// Prepares an archive. A picture becomes one slice with its name; a volume passes through the preprocessing steps and
/// becomes the slices of `preprocess.slices`, with the names "NAME_z+23.0". Failed scans are reported and the others
/// are processed. Throws Input if no scan is usable or `keep` or `pictures` cannot be written, and Usage if steps and
/// templates do not fit or if pictures are requested while white is a percentile, which would differ in a picture.
/// Throws Interrupted on request: all files in `keep` are then complete and are reused by the next run of the same job,
/// unless that run writes pictures and this one did not.
PrepareResult prepare_scans(const PrepareJob& job);

}  // namespace thor
