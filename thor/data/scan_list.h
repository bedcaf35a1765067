// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/data/split.h"

namespace thor {

/// The scans that a CSV (see read_split), a folder or a BIDS dataset stands for, in order of name, each once.
/// A folder: its images, its zip archives, and every subfolder with DICOM files as one series; where DICOM lies in it
/// itself it is one scan. BIDS (a folder with dataset_description.json or with folders sub-*): the T1-weighted scans
/// sub-*/[ses-*/]anat/*_T1w.nii[.gz], of the given participants ("01" or "sub-01") or of all; where one is there as
/// .nii and as .nii.gz, the latter, with a warning. Throws Input: nothing there; Usage: participants of what is no BIDS
/// dataset, or that it does not have.
std::vector<SplitRow> list_scans(const std::string& input, const std::vector<std::string>& participants = {});

}  // namespace thor
