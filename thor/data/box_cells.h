// SPDX-License-Identifier: Apache-2.0
// Private to this room: the cells that all formats of box tables have in common.
#pragma once
#include <string>

namespace thor {

/// Parses a coordinate. Throws Input, naming `field`, if the text is not a finite number within the largest image.
double box_number(const std::string& field, const std::string& text);
/// Parses a label; "unlabelled" for "". Throws Input if it is longer than 64 bytes or has control characters.
std::string box_label(const std::string& text);

}  // namespace thor
