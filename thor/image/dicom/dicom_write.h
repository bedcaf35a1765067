// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/tensor.h"
#include "thor/image/dicom/dicom_source.h"
#include "thor/image/image.h"

namespace thor {

/// What every DICOM result says of itself.
struct DicomResult {
  std::string description;       ///< series description, e.g. "THOR anomaly map, research only"
  std::string software_version;  ///< of this program
  std::string provenance;        ///< detector, config, seed and model, one line
  int64_t series_number = 9001;
};

/// A binary mask [D,H,W] on the source's own grid as one DICOM Segmentation object (PS3.3 A.51, BINARY), one segment,
/// a frame for every slice that has any; it refers to the source instances and lies in their frame of reference. An
/// empty mask is refused (Usage): the standard wants at least one frame. UIDs follow from content and dates are the
/// source's: the same result gives the same bytes. Atomic. Throws Usage where the source is not DICOM, Input where its
/// first file cannot be read.
void write_dicom_segmentation(const std::string& path, const Tensor& mask, const Image& source,
                              const DicomResult& result);

/// A map [D,H,W], finite values >= 0, on the source's own grid as a derived series in an existing folder, one file a
/// slice (map_0001.dcm ... in the order of z; files of that name are replaced): MR or CT images as the source is, else
/// secondary captures; 16-bit MONOCHROME2 whose rescale slope and real world value mapping give the map's values back
/// to 1/131070 of its maximum; position, orientation, spacing and frame of reference of the source, so that viewers lay
/// it over the source. The same result gives the same bytes; dates are the source's. Each file is atomic. Throws Usage
/// where the source is not DICOM or there is no folder; Input where a source file cannot be read.
void write_dicom_map(const std::string& folder, const Tensor& map, const Image& source, const DicomResult& result);

}  // namespace thor
