// SPDX-License-Identifier: Apache-2.0
// Private to this room: files whose content contradicts their name.
#pragma once
#include <string>

#include "thor/image/format/byte_reader.h"

namespace thor {

/// Throws Input: the file is not of `format` but of the format that its first bytes indicate ("a DICOM file", ...), or
/// it is damaged. The bytes are decompressed like in the reader of the format.
[[noreturn]] void fail_as_other_content(const std::string& format, const std::string& path, Packing packing);

}  // namespace thor
