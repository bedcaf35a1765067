// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "thor/base/tensor.h"
#include "thor/image/dicom/dicom_source.h"
#include "thor/image/geometry.h"

namespace thor {

/// A gray image as it came from its file or folder; a volume has more than one slice.
struct Image {
  Tensor voxels;  ///< float32 [D,H,W] = [z,y,x], native values (rescale applied), finite
  Geometry geometry;
  std::string path;                          ///< where it was read from, for messages
  bool medical = false;                      ///< has a geometry worth keeping (NIfTI, DICOM, ...), not a picture
  std::shared_ptr<const DicomSource> dicom;  ///< where it came from DICOM
  double full_scale = 0;  ///< 255 or 65535 for 8- and 16-bit pictures (4095 for 12), 0 where the format has no white
  Tensor opacity;         ///< of a picture with transparent pixels: float32 [D,H,W] in [0,1]; else undefined
  Tensor labels;          ///< of a picture whose palette paints classes: its indices, float32 [D,H,W]; else undefined
  std::string encoding;   ///< format and sample type, for people: "NIfTI-1, int16, big-endian"
};
/// Size and place of its voxels.
Grid grid_of(const Image& image);

/// What to take of a file or folder that holds more than one scan.
struct ScanChoice {
  int64_t frame = -1;  ///< of a 4-D file, from 0; -1 = it must have only one
  std::string series;  ///< of DICOM: the number, from 1, or UID of one series; "" = there must be only one
};
/// Reads a picture (PNG, JPEG, TIFF; upright as its orientation tag says; RGB(A) becomes luminance, with a note; what
/// is transparent is seen on black; the pages of a TIFF are slices) or a scan: NIfTI, NRRD, MetaImage, MGH, a DICOM
/// file, a folder or zip archive with a DICOM series (docs/formats.md). NaN and infinite values of a volume become 0,
/// with a warning. Throws Input: missing, empty, truncated, no image, NaN or infinite values in a single slice, too
/// large (a slice over kMaxPixels, a scan over kMaxVoxels), more announced than the file can hold (both known before
/// anything is allocated), slices that are missing or contradict each other; Unsupported: an encoding that is not read,
/// several frames or series and none chosen.
Image read_scan(const std::string& path, const ScanChoice& choice = {});
/// The same for what must be a single slice. Throws Unsupported: more than one.
Image read_image(const std::string& path);
inline constexpr int64_t kMaxPixels = 64'000'000;
inline constexpr int64_t kMaxVoxels = int64_t{1} << 30;

/// First 64 bits of the SHA-256 of shape and voxels: names the image in random streams whatever its file is called.
uint64_t content_id(const Image& image);

/// Writes [H,W] or [D,H,W] float voxels as float32 NIfTI-1 (.nii, .nii.gz), or NIfTI-2 where a side is beyond 32767.
/// Where the geometry came from NIfTI, sform, qform, their codes and the unit are written as they were. Atomic.
void write_nifti(const std::string& path, const Tensor& voxels, const Geometry& geometry);
/// Writes [H,W] in [0,1] as gray PNG of 8 or 16 bit (value 1 = white; values outside are clipped). Atomic.
void write_png(const std::string& path, const Tensor& unit, int bits);
/// Writes [3,H,W] in [0,1] as 8-bit RGB PNG. Atomic.
void write_png_rgb(const std::string& path, const Tensor& unit);
/// The bytes of an 8-bit PNG, gray [H,W] or RGB [3,H,W], e.g. to put it into a page.
std::string encode_png(const Tensor& unit);

/// A series of a folder or zip archive, as read_scan would read it.
struct SeriesInfo {
  std::string uid, description, modality;
  int64_t number = 0;  ///< in this list, from 1: what ScanChoice::series takes
  int64_t slices = 0, rows = 0, columns = 0;
};
/// The DICOM series of a folder (with its subfolders) or zip archive, by their own numbers; empty where there are none.
/// Only headers are read. Throws Input where a DICOM header is damaged.
std::vector<SeriesInfo> dicom_series(const std::string& path);
/// True for a file that begins as DICOM does, whatever its name, and is not one that systems or media put beside scans.
bool is_dicom_file(const std::string& path);
/// True for a folder (with its subfolders) that holds a DICOM file: it is a scan, or several, not a list of pictures.
bool is_dicom_folder(const std::string& path);

/// True for the endings of files that are an image of their own; used when a folder is given. A DICOM file is none: its
/// folder is.
bool has_image_ending(const std::string& path);

}  // namespace thor
