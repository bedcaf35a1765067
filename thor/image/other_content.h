// SPDX-License-Identifier: Apache-2.0
// Private to this room: what a file holds that is not what its name says.
#pragma once
#include <string>

namespace thor {

/// Of a file's first bytes (some hundred): "a DICOM file", "a zip archive" and so on; "" where they are not known.
std::string other_content(const std::string& first_bytes);

/// Throws Input: it is no file of `format`, but what its first bytes say, or damaged.
[[noreturn]] void fail_as_other_content(const std::string& format, const std::string& first_bytes);

}  // namespace thor
