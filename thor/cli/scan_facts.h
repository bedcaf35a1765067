// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "thor/image/image.h"

namespace thor {

/// What a scan says of itself: size, spacing, orientation, place, values; its series where it is DICOM.
nlohmann::json scan_facts(const Image& image);
/// The series of a folder or zip archive, one mapping each.
nlohmann::json series_facts(const std::string& path);

}  // namespace thor
