// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/data/split.h"
#include "thor/image/image.h"

namespace thor {

/// One scan to examine and the stem of its outputs.
struct CaseInput {
  std::string path, name;
  ScanChoice choice = {};  ///< which of those that the path holds
};

/// One that could not be done.
struct CaseFailure {
  std::string input, message;
};

/// File name without folders and ending; ".nii.gz", in any case, counts as one ending.
std::string stem_of(const std::string& path);

/// Throws Input where two images have the same file name, so that their results would meet in one file.
void check_file_names(const std::vector<SplitRow>& rows);

/// What of the inputs is meant.
struct CaseSelection {
  ScanChoice choice = {};                      ///< of every file and folder that holds more than one scan
  std::vector<std::string> participants = {};  ///< of BIDS datasets, without "sub-"; empty = all
};
/// The scans that files, folders, BIDS datasets and CSV splits stand for, each once, with names unique among them. A
/// folder stands for its images in order of name, not deeper; a folder or zip archive of DICOM for its series, each a
/// scan; a BIDS dataset (it has dataset_description.json or folders sub-*) for its T1w images. What is damaged stays in
/// the list: reading it says why. A name is the file's stem or the folder's name; where there are several series their
/// number and description follow, and where two names are equal the folder's name goes in front, then a number behind.
/// Throws Input: a path that does not exist, an empty folder; Usage: a participant that is not there.
std::vector<CaseInput> list_cases(const std::vector<std::string>& inputs, const CaseSelection& selection = {});

}  // namespace thor
