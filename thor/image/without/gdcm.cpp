// SPDX-License-Identifier: Apache-2.0
// Stands in for dicom_unpack.cpp where the program is built without GDCM.
#include "thor/base/error.h"
#include "thor/image/dicom/dicom_instance.h"

namespace thor {

std::string unpack_dicom_frame(const DicomInstance& instance, std::string) {
  fail(ErrorKind::Unsupported,
       "built without GDCM: its pixels are compressed ({}), which is not read; decompress the file, e.g. with dcmdjpeg",
       instance.syntax->name);
}

}  // namespace thor
