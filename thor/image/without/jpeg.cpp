// SPDX-License-Identifier: Apache-2.0
// Stands in for jpeg_read.cpp where the program is built without libjpeg.
#include "thor/base/error.h"
#include "thor/image/formats.h"

namespace thor {

Image read_jpeg(const std::string&, const ScanChoice&) {
  fail(ErrorKind::Unsupported, "built without libjpeg: JPEG pictures are not read; convert it to NIfTI or PNG");
}

}  // namespace thor
