// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace thor {

/// A message of the library as the program's user reads it. The library names settings in backticks; those that the
/// program takes as an option become that option (`ignore_check` -> --ignore-check), and values of config keys become
/// what sets them (`sample.start_step=600` -> --set sample.start_step=600). Everything else stays.
std::string with_flags(const std::string& message);

}  // namespace thor
