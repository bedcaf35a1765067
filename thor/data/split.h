// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace thor {

/// One row of a CSV that lists images: `image[,mask,...]` or the paper's `filename` column.
struct SplitRow {
  std::string image;  ///< existing path
  std::string mask;   ///< existing path, or "" where there is none
  std::string group;  ///< the `group` column, or ""
  std::string name;   ///< name of the case in results, as written in the CSV
  int64_t line = 0;
};

/// Reads a CSV (quotes, Windows line ends, UTF-8 with or without BOM, spaces in names). The name of a file that is no
/// UTF-8 stands there in its bytes or as `utf8_text` writes it. Relative paths are looked up
/// beside the CSV, then in the folder above it. Throws Input: missing column (with the columns found), missing files
/// (how many, the first few), duplicated images (both lines), no rows.
std::vector<SplitRow> read_split(const std::string& csv_path);

/// Resolves a file, or a folder of DICOM, that a CSV names: beside the CSV, else in the folder above it; "" if it is in
/// neither.
std::string find_listed_file(const std::string& csv_path, const std::string& written);

}  // namespace thor
