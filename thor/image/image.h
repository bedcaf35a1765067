// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "thor/base/tensor.h"
#include "thor/image/dicom/dicom_source.h"
#include "thor/image/geometry.h"

namespace thor {

/// A gray image with the values of its file or folder. A volume has more than one slice.
struct Image {
  Tensor voxels;  ///< float32 [D,H,W] = [z,y,x], native values (rescale applied), finite
  Geometry geometry;
  std::string path;                          ///< path of the file or folder, for messages
  bool medical = false;                      ///< the format has a geometry (NIfTI, DICOM, ...); false for a picture
  std::shared_ptr<const DicomSource> dicom;  ///< source files, if it was read from DICOM
  double full_scale = 0;  ///< 255 or 65535 for 8- and 16-bit pictures (4095 for 12), 0 if the format has no white
  Tensor opacity;         ///< opacity of a picture with transparent pixels, float32 [D,H,W] in [0,1]; else undefined
  Tensor labels;          ///< indices of a picture with a palette of classes, float32 [D,H,W]; else undefined
  std::string encoding;   ///< readable format and voxel type: "NIfTI-1, int16, big-endian"
};
/// Returns size and affine of the voxels.
Grid grid_of(const Image& image);

/// The selection in a file or folder with more than one scan.
struct ScanChoice {
  int64_t frame = -1;  ///< frame of a 4-D file, from 0; -1 = the only one
  std::string series;  ///< DICOM series by number, from 1, or UID; "" = the only one
};
/// Reads a picture or a scan (docs/formats.md). Pictures are PNG, JPEG and TIFF: the orientation tag is applied, RGB(A)
/// becomes luminance with a note, transparent pixels are composed over black, and the pages of a TIFF are slices. Scans
/// are NIfTI, NRRD, MetaImage, MGH, a DICOM file, and a folder or zip archive with a DICOM series. NaN and infinite
/// values of a volume become 0, with a warning. Throws Input for files that are missing, empty, truncated or no image,
/// NaN or infinite values in a single slice, a slice over kMaxPixels or a scan over kMaxVoxels, more announced data
/// than the file can contain (sizes are checked before any allocation), and missing or contradictory slices. Throws
/// Unsupported for unsupported encodings, and for several frames or series if none is chosen.
Image read_scan(const std::string& path, const ScanChoice& choice = {});
/// Reads a single slice like `read_scan`. Throws Unsupported if there is more than one.
Image read_image(const std::string& path);
inline constexpr int64_t kMaxPixels = 64'000'000;
inline constexpr int64_t kMaxVoxels = int64_t{1} << 30;

/// Returns the first 64 bits of the SHA-256 of shape and voxels, which name the image in random streams independently
/// of its file name.
uint64_t content_id(const Image& image);

/// Writes [H,W] or [D,H,W] float voxels atomically as float32 NIfTI-1 (.nii, .nii.gz), or NIfTI-2 if a side exceeds
/// 32767. If the geometry was read from NIfTI, sform, qform, their codes and the unit are written unchanged.
void write_nifti(const std::string& path, const Tensor& voxels, const Geometry& geometry);
/// Writes [H,W] in [0,1] atomically as gray PNG of 8 or 16 bit (1 = white; other values are clipped).
void write_png(const std::string& path, const Tensor& unit, int bits);
/// Writes [3,H,W] in [0,1] atomically as 8-bit RGB PNG.
void write_png_rgb(const std::string& path, const Tensor& unit);
/// Encodes gray [H,W] or RGB [3,H,W] as an 8-bit PNG, e.g. for a page.
std::string encode_png(const Tensor& unit);

/// A DICOM series of a folder or zip archive.
struct SeriesInfo {
  std::string uid, description, modality;
  int64_t number = 0;  ///< number in this list, from 1, for ScanChoice::series
  int64_t slices = 0, rows = 0, columns = 0;
};
/// Returns the DICOM series of a folder (with its subfolders) or zip archive, ordered by series number. Only headers
/// are read. Throws Input if a DICOM header is damaged.
std::vector<SeriesInfo> dicom_series(const std::string& path);
/// Returns true for a file that begins like DICOM, independent of its name, except files that systems or media add.
bool is_dicom_file(const std::string& path);
/// Returns true for a folder that contains a DICOM file (also in subfolders): it is one or several scans, and not a
/// list of pictures.
bool is_dicom_folder(const std::string& path);

/// Returns true for endings of files that are a complete image; used for folders. A DICOM file is not complete, but its
/// folder is.
bool has_image_ending(const std::string& path);

}  // namespace thor
