// SPDX-License-Identifier: Apache-2.0
// Private to this room: what one DICOM file says of its pixels and of where they lie.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thor/image/dicom/dicom_dataset.h"
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
  bool positioned = false, oriented = false;         ///< its origin is said; its directions are
  bool placed() const { return positioned && oriented; }
  Point3 normal() const;
};

/// What images at one place differ in: echo times, time points, ... by the rows of dicom_marks(); "" where not said.
using DicomMarks = std::array<std::string, 17>;

struct DicomFrame {
  DicomPlane plane;
  double slope = 1, intercept = 0;
  DicomMarks marks;
  std::string stack;  ///< enhanced files: its Stack ID
};

/// Entries of a gray palette (PS3.3 C.7.9) from 0 to 255; empty where samples are no indices.
struct DicomPalette {
  int64_t first = 0;  ///< the index of its first entry
  std::vector<float> entries;
};

struct DicomInstance {
  std::string path;
  const TransferSyntax* syntax = nullptr;
  int64_t pixel_offset = 0, pixel_bytes = 0;  ///< as in DicomHeader
  DicomPixels pixels;
  DicomPalette palette;
  std::vector<DicomFrame> frames;
  bool multi_frame = false;  ///< says how many frames it has
  std::string study_uid, series_uid, frame_of_reference_uid, modality, series_description, sop_class_uid,
      sop_instance_uid;
  int64_t series_number = 0, instance_number = 0;
  std::optional<double> slice_location;  ///< mm; from where, and which way, the file does not say
  std::vector<std::string> notes;        ///< to be warned about where it is used: what is not as it should be
};

/// Nothing where the file has no pixels that could be shown (reports, structures, folders of contents). Throws Input
/// (damaged, cut short: the pixels announced are compared with the file) and Unsupported.
std::optional<DicomInstance> read_dicom_instance(const std::string& path);

/// How an attribute tells images at one place apart.
struct DicomMarkRow {
  const char* name;
  const char* unit;  ///< with the space before it
  enum class Use {
    Value,  ///< one value for all images of a frame
    Order,  ///< a time or number that only grows from frame to frame
  } use;
};
/// In the order in which they are looked at.
const std::array<DicomMarkRow, std::tuple_size_v<DicomMarks>>& dicom_marks();
/// Takes what a data set or, in enhanced files, a functional group says, over what was known before.
void take_marks(const DicomDataset& data, DicomMarks& marks);

/// The palette of PALETTE COLOR. Throws Unsupported where it has colours or lies in segments; Input: it is damaged.
DicomPalette gray_palette(const DicomDataset& data, bool big_endian);

/// Decodes the frames of one file, which it keeps open and unpacked: what lies before a frame is looked at once.
/// One object serves one thread at a time.
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
