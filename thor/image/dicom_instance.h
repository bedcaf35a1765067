// SPDX-License-Identifier: Apache-2.0
// Private to this room: what one DICOM file says of its pixels and of where they lie.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thor/image/dicom_dataset.h"
#include "thor/image/geometry.h"

namespace thor {

/// How samples lie in a frame (PS3.3 C.7.6.3).
struct DicomPixels {
  int64_t rows = 0, columns = 0;
  int64_t samples = 1, bits_allocated = 16, bits_stored = 16, high_bit = 15;
  bool is_signed = false, planes = false;  ///< planes: colours one after another
  std::string photometric = "MONOCHROME2";

  int64_t frame_bytes() const { return rows * columns * samples * (bits_allocated / 8); }
};

/// Where a frame lies; LPS, mm.
struct DicomPlane {
  Point3 origin{0, 0, 0};                            ///< the centre of its first voxel
  Point3 along_row{1, 0, 0}, along_column{0, 1, 0};  ///< unit length
  double column_mm = 0, row_mm = 0;                  ///< from column to column, from row to row; 0 = not said
  double thickness_mm = 0;                           ///< or the distance to the next slice; 0 = not said
  bool placed = false;                               ///< its origin and directions are said
  Point3 normal() const;
};

struct DicomFrame {
  DicomPlane plane;
  double slope = 1, intercept = 0;
};

struct DicomInstance {
  std::string path;
  const TransferSyntax* syntax = nullptr;
  int64_t pixel_offset = 0, pixel_bytes = 0;  ///< as in DicomHeader
  DicomPixels pixels;
  std::vector<DicomFrame> frames;
  bool multi_frame = false;  ///< says how many frames it has
  std::string study_uid, series_uid, frame_of_reference_uid, modality, series_description, sop_class_uid,
      sop_instance_uid;
  int64_t series_number = 0, instance_number = 0;
};

/// Nothing where the file has no pixels that could be shown (reports, structures, folders of contents). Throws Input
/// (damaged, cut short: the pixels announced are compared with the file) and Unsupported.
std::optional<DicomInstance> read_dicom_instance(const std::string& path);

/// Decodes the frames of one file, which it keeps open and unpacked: what lies before a frame is looked at once.
class DicomFrameReader {
 public:
  explicit DicomFrameReader(std::shared_ptr<const DicomInstance> instance);
  /// One frame as rows x columns voxels, rescaled; MONOCHROME1 is turned over, so that bright is large. Throws Input
  /// where the data are damaged.
  void read(int64_t frame, float* voxels);
  const DicomInstance& instance() const { return *instance_; }

 private:
  struct Fragment {
    int64_t offset, length;
  };
  std::vector<Fragment> fragments();
  size_t first_fragment_of(int64_t frame);
  std::string packed(int64_t frame);

  std::shared_ptr<const DicomInstance> instance_;
  DicomBytes file_;
  std::vector<Fragment> fragments_;  ///< of compressed pixels; the first is the table of offsets
};

/// A compressed frame as samples of the layout that `pixels` says. Its own header must agree with that. Throws Input.
std::string unpack_dicom_frame(const DicomInstance& instance, std::string packed);

}  // namespace thor
