// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace thor {

/// docs/reference.md: every command with its options and examples, every config section with its keys, types, defaults
/// and ranges, made from their declarations. `thor help --markdown` prints it.
std::string reference_text();

}  // namespace thor
