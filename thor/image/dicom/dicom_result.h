// SPDX-License-Identifier: Apache-2.0
// Private to this room: functions that all DICOM results use. DCMTK types are only declared; its headers stay in .cpp
// files.
#pragma once
#include <array>
#include <memory>
#include <string>

#include "thor/base/file.h"
#include "thor/image/dicom/dicom_write.h"

class DcmFileFormat;
class DcmItem;
class DcmTagKey;
class OFCondition;

namespace thor {

/// The position of the slices of a volume in DICOM: LPS, mm, decimal strings of at most 16 characters.
struct DicomPlacement {
  explicit DicomPlacement(const Affine& ras_from_voxel, std::shared_ptr<const DicomSource> source = nullptr);
  /// Returns Image Position (Patient), the centre of the first pixel of a slice, from the source if known.
  std::array<std::string, 3> position(int64_t slice) const;

  std::array<std::string, 6> orientation;  ///< cosines along a row, then along a column
  std::string row_spacing, column_spacing;
  std::string slice_spacing;  ///< along the normal of the slices, also where they are sheared

 private:
  Affine lps_from_voxel_;
  std::shared_ptr<const DicomSource> source_;
};
/// Formats a number as DICOM DS: 12 significant digits or as many as fit into 16 characters.
std::string decimal_string(double value);
/// Joins numbers or words to a multi-valued text: "a\b\c".
template <class Words>
std::string dicom_values(const Words& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : "\\") + word;
  return all;
}
/// Converts a text to ASCII on one line without backslashes, truncated to the length of its field.
std::string dicom_text(const std::string& text, size_t most);
inline constexpr size_t kDicomLO = 64, kDicomST = 1024, kDicomLT = 10240;  ///< most characters of a text

/// Returns the UID 2.25.N of a UUID from a hash (ITU-T X.667; RFC 9562, version 8); equal words give equal UIDs.
std::string uid_from(const std::string& words);
/// Returns a hash of everything that determines a result except the voxels, which the caller adds.
Sha256 begin_identity(const std::string& kind, const Image& source, const DicomResult& result);

/// Returns the frame of reference of the source, or, if it has none, one derived from its series.
std::string frame_of_reference_of(const DicomSource& source);

/// Throws Usage if the source is not DICOM, Internal if shapes differ.
void expect_dicom_source(const Tensor& voxels, const Image& source);
/// Throws Input with the reason of DCMTK if the condition is an error.
void expect_good(const OFCondition& condition, const std::string& what);

/// Reads the first source file without its pixels. Throws Input.
std::shared_ptr<DcmFileFormat> read_source_header(const DicomSource& source);

/// The identity of one file of a result.
struct ResultIdentity {
  std::string sop_class_uid, sop_instance_uid, series_uid, modality;
  int64_t instance_number = 1;
};
/// Makes a data set a file of this result: patient, study, frame of reference, date and character set of the source;
/// series and equipment of its own.
void identify_result(DcmItem& file, DcmItem& source_header, const DicomSource& source, const DicomResult& result,
                     const ResultIdentity& identity);

/// Sets one attribute; "" leaves it empty. Throws Internal.
void put_value(DcmItem& item, const DcmTagKey& tag, const std::string& value);
/// Appends an item to a sequence and returns it.
DcmItem& append_item(DcmItem& item, const DcmTagKey& sequence);
void append_code(DcmItem& item, const DcmTagKey& sequence, const std::array<const char*, 3>& code);
/// Sets a reference to a source slice: class, instance and, in a multi-frame source, frame.
void put_reference(DcmItem& item, const DicomSlice& slice, bool with_frame);

/// Writes a file atomically in explicit little endian.
void save_dicom(const std::string& path, DcmFileFormat& file);

// Codes: value, scheme, meaning. PS3.16: CID 7202 and CID 7203.
inline constexpr std::array<const char*, 3> kSourceImageCode{"121322", "DCM",
                                                             "Source image for image processing operation"};
inline constexpr std::array<const char*, 3> kSegmentationCode{"113076", "DCM", "Segmentation"};

}  // namespace thor
