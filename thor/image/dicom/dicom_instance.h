// SPDX-License-Identifier: Apache-2.0
// Private to this room: pixels and geometry of one DICOM file.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thor/image/dicom/dicom_dataset.h"
#include "thor/image/geometry.h"

namespace thor {

/// The sample layout of a frame (PS3.3 C.7.6.3).
struct DicomPixels {
  int64_t rows = 0, columns = 0;
  int64_t samples = 1, bits_allocated = 16, bits_stored = 16, high_bit = 15;
  bool is_signed = false, planes = false;  ///< planes: planar colour configuration
  std::string photometric = "MONOCHROME2";

  int64_t frame_bytes() const { return rows * columns * samples * (bits_allocated / 8); }
};

/// The position of a frame; LPS, mm.
struct DicomPlane {
  Point3 origin{0, 0, 0};                            ///< centre of the first voxel
  Point3 along_row{1, 0, 0}, along_column{0, 1, 0};  ///< unit length
  double column_mm = 0, row_mm = 0;                  ///< pixel spacing between columns and rows; 0 = unknown
  double thickness_mm = 0;                           ///< slice thickness, or distance to the next slice; 0 = unknown
  bool positioned = false, oriented = false;         ///< the origin is known; the directions are known
  bool placed() const { return positioned && oriented; }
  Point3 normal() const;
};

/// Attributes that distinguish images at one position (echo time, time point, ...), in the order of dicom_marks(); ""
/// if unknown.
using DicomMarks = std::array<std::string, 17>;

struct DicomFrame {
  DicomPlane plane;
  double slope = 1, intercept = 0;
  DicomMarks marks;
  std::string stack;  ///< Stack ID of enhanced files
};

/// The entries of a gray palette (PS3.3 C.7.9) from 0 to 255; empty if samples are not indices.
struct DicomPalette {
  int64_t first = 0;  ///< index of the first entry
  std::vector<float> entries;
};

struct DicomInstance {
  std::string path;
  const TransferSyntax* syntax = nullptr;
  int64_t pixel_offset = 0, pixel_bytes = 0;  ///< as in DicomHeader
  DicomPixels pixels;
  DicomPalette palette;
  std::vector<DicomFrame> frames;
  bool multi_frame = false;  ///< has a Number of Frames
  std::string study_uid, series_uid, frame_of_reference_uid, modality, series_description, sop_class_uid,
      sop_instance_uid;
  int64_t series_number = 0, instance_number = 0;
  std::optional<double> slice_location;  ///< mm, with unknown origin and direction
  std::vector<std::string> notes;        ///< irregularities, for warnings when it is used
};

/// Reads a file; returns nothing if it has no image pixels (reports, structures, directories). Throws Input (damaged or
/// truncated; the announced pixels are compared with the file size) and Unsupported.
std::optional<DicomInstance> read_dicom_instance(const std::string& path);

/// An attribute that distinguishes images at one position.
struct DicomMarkRow {
  const char* name;
  const char* unit;  ///< unit with a leading space
  enum class Use {
    Value,  ///< the value is equal in all images of a frame
    Order,  ///< a time or number that increases from frame to frame
  } use;
};
/// Returns the attributes in the order of their priority.
const std::array<DicomMarkRow, std::tuple_size_v<DicomMarks>>& dicom_marks();
/// Updates the attributes from a data set or, in enhanced files, from a functional group.
void take_marks(const DicomDataset& data, DicomMarks& marks);

/// Reads the palette of PALETTE COLOR. Throws Unsupported for colours and segmented palettes, Input if it is damaged.
DicomPalette gray_palette(const DicomDataset& data, bool big_endian);

/// Decodes the frames of one file. The file stays open and unpacked, so that the data before a frame are read once.
/// One object serves one thread at a time.
class DicomFrameReader {
 public:
  explicit DicomFrameReader(std::shared_ptr<const DicomInstance> instance);
  /// Returns one frame as rows x columns voxels, rescaled; MONOCHROME1 is inverted, so that bright values are large.
  /// Throws Input if the data are damaged.
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
  std::vector<Fragment> fragments_;  ///< fragments of compressed pixels; the first is the offset table
};

/// Decodes a compressed frame to samples with the layout `pixels`. Throws Input, also if its own header contradicts
/// that.
std::string unpack_dicom_frame(const DicomInstance& instance, std::string packed);

}  // namespace thor
