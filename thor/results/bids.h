// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

namespace thor {

/// The path without links and dots, as far as it exists; as given where that cannot be found out.
std::string real_path(const std::string& path);

/// The dataset a file lies in, and its path in there; nothing where it lies in none.
struct BidsPlace {
  std::string dataset, path;
};
std::optional<BidsPlace> bids_place(const std::string& file);

/// True for the name of a scan, without its ending, as BIDS names it: sub-01_ses-2_T1w.
bool is_bids_name(const std::string& scan_name);

/// Where results about a scan go in a dataset of derivatives.
struct BidsNames {
  std::string folder;  ///< sub-XX/[ses-YY/]anat
  std::string stem;    ///< sub-XX_[ses-YY_][...]_desc-thor
};
/// For a scan named as BIDS names it (sub-01_ses-2_T1w), else for the subject whose label is the name's letters and
/// digits.
BidsNames bids_names(const std::string& scan_name);

}  // namespace thor
