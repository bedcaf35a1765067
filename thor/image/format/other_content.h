// SPDX-License-Identifier: Apache-2.0
// Private to this room: what a file holds that is not what its name says.
#pragma once
#include <string>

#include "thor/image/format/byte_reader.h"

namespace thor {

/// Throws Input: it is no file of `format`, but what its first bytes say ("a DICOM file"...), or damaged. They are
/// unpacked as the format's reader unpacks them.
[[noreturn]] void fail_as_other_content(const std::string& format, const std::string& path, Packing packing);

}  // namespace thor
