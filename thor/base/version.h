// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace thor {

/// This program's version, "0.1.0".
const char* version();

}  // namespace thor
