// SPDX-License-Identifier: Apache-2.0
// A shared library with a copy of the library's own code inside, as a plug-in of another program has it.
#include "thrower.h"

#include "thor/base/error.h"
#include "thor/base/run_context.h"

void throw_error() { thor::fail_input("from a shared library"); }
void throw_interrupted() { throw thor::Interrupted(); }
