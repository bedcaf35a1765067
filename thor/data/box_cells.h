// SPDX-License-Identifier: Apache-2.0
// Private to this room: what tables of boxes share, however they are written.
#pragma once
#include <string>

namespace thor {

/// A coordinate; Input, naming `field`, where the text is not a finite number within any image.
double box_number(const std::string& field, const std::string& text);
/// A label; "unlabelled" for "". Throws Input: longer than 64 bytes or with control characters.
std::string box_label(const std::string& text);

}  // namespace thor
