// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"
#include "thor/image/dicom/dicom_source.h"
#include "thor/image/image.h"

namespace thor {

/// The description of a DICOM result.
struct DicomResult {
  std::string description;       ///< series description, e.g. "THOR anomaly map, research only"
  std::string software_version;  ///< version of this program
  std::string provenance;        ///< detector, config, seed and model, one line
  int64_t series_number = 9001;
};

/// Writes a binary mask [D,H,W] on the grid of the source atomically as one DICOM Segmentation object (PS3.3 A.51,
/// BINARY) with one segment and one frame per non-empty slice. It refers to the source instances and has their frame of
/// reference. UIDs are derived from the content and dates are those of the source, so that equal results give equal
/// bytes. Throws Usage for an empty mask (the standard requires at least one frame) and if the source is not DICOM,
/// Input if its first file cannot be read.
void write_dicom_segmentation(const std::string& path, const Tensor& mask, const Image& source,
                              const DicomResult& result);

/// Writes a map [D,H,W], finite values >= 0, on the grid of the source as a derived series into an existing folder, one
/// file per slice (map_0001.dcm ... in the order of z; existing files are replaced), each atomically. The images are MR
/// or CT like the source, else secondary captures, in 16-bit MONOCHROME2; rescale slope and real world value mapping
/// restore the values to 1/131070 of the maximum. Position, orientation, spacing and frame of reference are those of
/// the source, so that viewers can overlay it. Equal results give equal bytes; dates are those of the source. Throws
/// Usage if the source is not DICOM or the folder is missing, Input if a source file cannot be read.
void write_dicom_map(const std::string& folder, const Tensor& map, const Image& source, const DicomResult& result);

}  // namespace thor
