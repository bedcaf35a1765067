// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cctype>
#include <string>

namespace thor {

/// Returns true if the path ends with `ending` (lower case, with its dot), ignoring case, and has a name before it:
/// "a.NII.GZ" ends with ".nii.gz", and ".nii.gz" alone does not.
inline bool has_ending(const std::string& name, const std::string& ending) {
  return name.size() > ending.size() && std::equal(ending.rbegin(), ending.rend(), name.rbegin(), [](char a, char b) {
           return a == std::tolower(static_cast<unsigned char>(b));
         });
}

}  // namespace thor
