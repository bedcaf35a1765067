// SPDX-License-Identifier: Apache-2.0
// Stands in for dicom_map.cpp, dicom_result.cpp and dicom_segmentation.cpp where the program is built without DCMTK.
#include "thor/base/error.h"
#include "thor/image/dicom/dicom_write.h"

namespace thor {
namespace {

[[noreturn]] void refuse_dicom() {
  fail(ErrorKind::Unsupported,
       "built without DCMTK: DICOM results are not written; convert the scan to NIfTI first, or take a program that "
       "has it");
}

}  // namespace

void write_dicom_segmentation(const std::string&, const Tensor&, const Image&, const DicomResult&) { refuse_dicom(); }
void write_dicom_map(const std::string&, const Tensor&, const Image&, const DicomResult&) { refuse_dicom(); }

}  // namespace thor
