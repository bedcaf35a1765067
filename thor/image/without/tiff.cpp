// SPDX-License-Identifier: Apache-2.0
// Stands in for tiff_read.cpp where the program is built without libtiff.
#include "thor/base/error.h"
#include "thor/image/formats.h"

namespace thor {

Image read_tiff(const std::string&, const ScanChoice&) {
  fail(ErrorKind::Unsupported, "built without libtiff: TIFF pictures are not read; convert it to NIfTI or PNG");
}

}  // namespace thor
