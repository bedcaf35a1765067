// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace thor {

/// Returns the version of this program, for example "0.1.0".
const char* version();

}  // namespace thor
