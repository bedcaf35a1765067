// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/data/split.h"
#include "thor/image/image.h"

namespace thor {

/// One scan to examine and the stem of its output files.
struct CaseInput {
  std::string path, name;
  ScanChoice choice = {};  ///< selection among the scans at the path
};

/// A case that could not be processed.
struct CaseFailure {
  std::string input, message;
};

/// Returns the file name without folders and ending; ".nii.gz" counts as one ending, ignoring case.
std::string stem_of(const std::string& path);

/// Throws Input if two images have the same file name, because their results would overwrite each other.
void check_file_names(const std::vector<SplitRow>& rows);

/// The selection among the scans of the inputs.
struct CaseSelection {
  ScanChoice choice = {};                      ///< applies to every file and folder with several scans
  std::vector<std::string> participants = {};  ///< participants of BIDS datasets, without "sub-"; empty = all
};
/// The scans that files, folders, BIDS datasets and CSV splits stand for, each once, with names unique among them. A
/// folder stands for its images in order of name, not deeper; a folder or zip archive of DICOM for its series, each a
/// scan; a BIDS dataset (it has dataset_description.json or folders sub-*) for its T1w images. What is damaged stays in
/// the list: reading it says why. A name is the file's stem or the folder's name; where there are several series their
/// number and description follow, and where two names are equal the folder's name goes in front, then a number behind.
/// Throws Input: a path that does not exist, an empty folder; Usage: a participant that is not there.
std::vector<CaseInput> list_cases(const std::vector<std::string>& inputs, const CaseSelection& selection = {});

}  // namespace thor
