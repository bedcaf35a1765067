// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cctype>
#include <string>

namespace thor {

/// Whether a file's name goes on before `ending` (lower case, with its dot) and ends so in any case, as "a.NII.GZ" does
/// in ".nii.gz".
inline bool has_ending(const std::string& name, const std::string& ending) {
  return name.size() > ending.size() && std::equal(ending.rbegin(), ending.rend(), name.rbegin(), [](char a, char b) {
           return a == std::tolower(static_cast<unsigned char>(b));
         });
}

}  // namespace thor
