// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "thor/base/run_context.h"
#include "thor/data/archive.h"
#include "thor/data/split.h"
#include "thor/data/templates.h"

namespace thor {

/// What is to become an archive.
struct PrepareJob {
  std::vector<SplitRow> scans;  ///< pictures, volumes, folders of DICOM
  PreprocessConfig preprocess;
  Templates templates;   ///< that its steps name
  int64_t workers = 1;   ///< scans at a time, each on one thread; the result is the same for any number
  std::string keep;      ///< folder: a file for every finished volume, from which a stopped run goes on; "" = none
  std::string pictures;  ///< folder: the slices of volumes as pictures too (slice_pictures.h); "" = none
  RunContext* context = nullptr;  ///< null = that of the calling thread
};

/// How one scan came out.
struct ScanReport {
  std::string name;       ///< as listed
  std::string failure;    ///< why there are no slices of it; "" = it is in the archive
  nlohmann::json record;  ///< of its chain, as in PreparedVolume but without seconds; null for pictures
  std::string part;       ///< its file in the folder that is kept, "" for pictures and failures
};

struct PrepareResult {
  Archive archive;                ///< of what could be used, in the order of the list
  std::vector<ScanReport> scans;  ///< all, in the order of the list
  int64_t pictures = 0;           ///< how many were written
};

/// "'a.nii' (why); 'b.nii' (why); and 3 more": the scans that could not be used, "" where all could.
std::string failures_of(const std::vector<ScanReport>& scans);

/// Pictures become a slice each, under their own name; a volume goes through the chain and becomes the slices of
/// `preprocess.slices`, under "NAME_z+23.0". Bad scans are reported and the rest goes on. Throws Input where none can
/// be used or `keep` or `pictures` cannot be written, Usage where steps and templates do not fit, or pictures are
/// wanted of slices whose white is a percentile: in a picture it would be another. Interrupted on request: what is in
/// `keep` is whole and is not done again by the next run with the same job, unless that wants pictures and this one did
/// not.
PrepareResult prepare_scans(const PrepareJob& job);

}  // namespace thor
