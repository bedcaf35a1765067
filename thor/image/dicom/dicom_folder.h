// SPDX-License-Identifier: Apache-2.0
// Private to this room: what lies in a folder, a zip archive or a file of DICOM.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "thor/image/dicom/dicom_stack.h"

namespace thor {

/// Frames that belong to one volume: of one series, one orientation, one size and one pixel size.
struct DicomGroup {
  std::vector<StackedFrame> frames;
  std::vector<std::string> notes = {};  ///< to be warned about where it is read
  SeriesInfo info() const;
};
/// Groups in the order of the series' numbers. Stacks of an enhanced file that make no volume together are groups of
/// their own; series of one image each that are alike and lie in even steps are one, with a note.
std::vector<DicomGroup> groups_of(const std::vector<std::shared_ptr<const DicomInstance>>& instances);

/// True for hidden files and those that systems and media put beside scans: .DS_Store, Thumbs.db, DICOMDIR, ...
bool is_no_scan_by_name(const std::string& name);

/// All groups of a folder with its subfolders, or of a zip archive, in the order of the series' numbers. Only headers
/// are read. Files that are no DICOM images are passed over, with a note how many. Throws Input where a header is
/// damaged.
std::vector<DicomGroup> dicom_groups(const std::string& path);

/// A folder that holds the files of a zip archive, named by numbers, for as long as the program runs; the same archive
/// is unpacked once. Throws Input: damaged, more than 16 GiB; Unsupported: encrypted, other compressions, zip64.
std::string unpacked_zip(const std::string& path);

}  // namespace thor
