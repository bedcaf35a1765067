// SPDX-License-Identifier: Apache-2.0
#include "thor/base/version.h"

namespace thor {

const char* version() { return THOR_VERSION; }

}  // namespace thor
