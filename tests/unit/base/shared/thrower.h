// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/export.h"

extern "C" {
/// An Error of kind Input.
THOR_EXPORT void throw_error();
/// An Interrupted.
THOR_EXPORT void throw_interrupted();
}
