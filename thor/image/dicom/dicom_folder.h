// SPDX-License-Identifier: Apache-2.0
// Private to this room: the series of a DICOM folder, zip archive or file.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "thor/image/dicom/dicom_stack.h"

namespace thor {

/// The frames of one volume: equal series, orientation, size and pixel spacing.
struct DicomGroup {
  std::vector<StackedFrame> frames;
  std::vector<std::string> notes = {};  ///< irregularities, for warnings when it is read
  SeriesInfo info() const;
};
/// Groups frames, ordered by series number. Stacks of an enhanced file that do not form one volume become separate
/// groups. Similar series of one image each in equal steps become one group, with a note.
std::vector<DicomGroup> groups_of(const std::vector<std::shared_ptr<const DicomInstance>>& instances);

/// Returns true for hidden files and files that systems or media add: .DS_Store, Thumbs.db, DICOMDIR, ...
bool is_no_scan_by_name(const std::string& name);

/// Returns all groups of a folder with its subfolders, or of a zip archive, ordered by series number. Only headers are
/// read. Other files are ignored, with a note of their number. Throws Input if a header is damaged.
std::vector<DicomGroup> dicom_groups(const std::string& path);

/// Unpacks a zip archive, once per run of the program, into a temporary folder of files named by numbers, which exists
/// until the program ends. Throws Input for damaged archives and more than 16 GiB; Unsupported for encryption, other
/// compressions and zip64.
std::string unpacked_zip(const std::string& path);

}  // namespace thor
