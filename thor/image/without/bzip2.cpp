// SPDX-License-Identifier: Apache-2.0
// Stands in for bzip_stream.cpp where the program is built without libbz2.
#include "thor/base/error.h"
#include "thor/image/format/bzip_stream.h"

namespace thor {

struct BzipStream::State {};

BzipStream::BzipStream(Source) {
  fail(ErrorKind::Unsupported, "built without libbz2: what bzip2 packed is not read; save it as raw or gzip");
}
BzipStream::~BzipStream() = default;
size_t BzipStream::read_some(char*, size_t) { return 0; }
int64_t BzipStream::bytes_waiting() const { return 0; }

}  // namespace thor
